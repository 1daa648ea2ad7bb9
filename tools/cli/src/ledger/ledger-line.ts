import { QUANTITY_BY_NAME, usageIdBytes } from '@ledgerline/contracts';
import { decimalTextOf, parseScaled, QUANTITY_SCALE, USD_SCALE } from '@ledgerline/kernel';
import { DEFAULT_SOURCE } from '@ledgerline/domain-metering';
import { z } from 'zod';

/** An event that a producer was told is recorded. */
export interface LedgerEntry {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Lower-case UUID. */
  readonly usageId: string;
  /** What it should have been priced at, 1e-12 USD; undefined: the ledger does not say. */
  readonly costPicoUsd?: bigint;
  /** Amounts by index of QUANTITIES; whole numbers, or integers of 1e-9. */
  readonly usage?: ReadonlyMap<number, bigint>;
}

/** A line that is no entry of a ledger. */
export class LedgerFormatError extends Error {
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = 'LedgerFormatError';
  }
}

/** Computes a usage_id from an identity; undefined where the key is not known. */
export type Identify = (identity: { customer: string; source: string; id: string }) => string;

const amount = z.union([z.number(), z.string()]);
const lineSchema = z.object({
  usage_id: z.string().optional(),
  customer_id: z.string().min(1).optional(),
  source: z.string().nullish(),
  id: z.string().min(1).optional(),
  cost_usd: amount.nullish(),
  usage: z.record(z.string(), amount).nullish(),
  status: z.string().optional(),
});
type Line = z.infer<typeof lineSchema>;

/** The word that ingest answers with; a line without one counts as acknowledged. */
const ACKNOWLEDGED = 'accepted';

/**
 * Reads one line of a ledger (JSON): `usage_id`, or `customer_id`, `source` and `id`; optionally `cost_usd`, `usage` and `status`, as in the API.
 *
 * @returns null for a line whose status says that the event was not acknowledged
 * @throws LedgerFormatError
 */
export function parseLedgerLine(text: string, number: number, identify: Identify | undefined): LedgerEntry | null {
  const line = objectOf(text, number);
  if (line.status !== undefined && line.status !== ACKNOWLEDGED) return null;
  return {
    line: number,
    usageId: usageIdOf(line, number, identify),
    ...(line.cost_usd === undefined || line.cost_usd === null ? {} : { costPicoUsd: scaled(line.cost_usd, USD_SCALE, 'cost_usd', number) }),
    ...(line.usage ? { usage: usageOf(line.usage, number) } : {}),
  };
}

function objectOf(text: string, number: number): Line {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new LedgerFormatError(number, 'expected a JSON object');
  }
  const parsed = lineSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LedgerFormatError(number, `${issue!.path.join('.') || 'the line'}: ${issue!.message}`);
}

function usageIdOf({ usage_id, customer_id, source, id }: Line, number: number, identify: Identify | undefined): string {
  if (usage_id !== undefined) {
    if (usageIdBytes(usage_id) === null) throw new LedgerFormatError(number, 'usage_id: expected a UUID');
    return usage_id.toLowerCase();
  }
  if (customer_id === undefined || id === undefined) throw new LedgerFormatError(number, 'expected usage_id, or customer_id and id');
  if (!identify) throw new LedgerFormatError(number, 'it has no usage_id, and USAGE_ID_KEY, from which one is computed, is not set');
  return identify({ customer: customer_id, source: source || DEFAULT_SOURCE, id });
}

function usageOf(usage: Record<string, number | string>, number: number): Map<number, bigint> {
  return new Map(
    Object.entries(usage).map(([name, value]) => {
      const quantity = QUANTITY_BY_NAME.get(name);
      if (!quantity) throw new LedgerFormatError(number, `usage.${name}: there is no such quantity`);
      return [quantity.index, scaled(value, quantity.decimal ? QUANTITY_SCALE : 0, `usage.${name}`, number)];
    }),
  );
}

function scaled(value: number | string, scale: number, field: string, number: number): bigint {
  try {
    return parseScaled(typeof value === 'number' ? decimalTextOf(value) : value, scale);
  } catch (error) {
    throw new LedgerFormatError(number, `${field}: ${(error as Error).message}`);
  }
}
