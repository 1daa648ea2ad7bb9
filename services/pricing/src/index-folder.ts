import { join } from 'node:path';
import { type PricingConfig } from './config.js';

/** Where this process keeps its idempotency index: a folder of its own, under its name. */
export function indexFolder({ PRICING_INDEX_DIR, DATA_DIR, INSTANCE_ID }: PricingConfig): string {
  const root = PRICING_INDEX_DIR ?? join(DATA_DIR, 'pricing-index');
  return join(root, `instance-${INSTANCE_ID.replace(/[^\w.-]/g, '_')}`);
}

/** Where all processes of a generation leave copies of it; undefined without such a place. */
export function indexCopyFolder({ PRICING_INDEX_COPY_DIR, GENERATION }: PricingConfig): string | undefined {
  return PRICING_INDEX_COPY_DIR && join(PRICING_INDEX_COPY_DIR, `generation-${GENERATION}`);
}
