import { CONFIG, runService } from '@ledgerline/service-kit';
import { type PricingConfig, pricingConfig } from './config.js';
import { PricingModule, usageStrategy } from './pricing.module.js';

await runService({
  name: 'pricing',
  schema: pricingConfig,
  module: (config) => PricingModule.forRoot(config),
  strategies: (app) => [usageStrategy(app, app.get<PricingConfig>(CONFIG))],
});
