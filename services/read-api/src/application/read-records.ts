import { INPUT_QUANTITIES, OUTPUT_QUANTITIES } from '@ledgerline/domain-dialects';
import { SYSTEM_CUSTOMER } from '@ledgerline/domain-metering';
import { formatUsd, parseUsd } from '@ledgerline/kernel';
import { type SummaryView, type UsageReader } from './ports.js';

export type RecordContext = 'customer' | 'system';
export const CONTEXTS: readonly RecordContext[] = ['customer', 'system'];

/** Which usage records are meant; all conditions apply together. */
export interface RecordsQuery {
  readonly accountId: string | undefined;
  readonly modelId: string | undefined;
  readonly context: RecordContext | undefined;
  readonly fromUs: number | undefined;
  readonly toUs: number | undefined;
}

/** Sums of usage. */
export interface RecordTotals {
  /** the sum of the costs that are known, 1e-12 USD; null: none is */
  costPico: bigint | null;
  input: bigint;
  output: bigint;
  count: bigint;
  unpriced: bigint;
}

export interface RecordsSummary {
  readonly total: RecordTotals;
  readonly byContext: Readonly<Record<RecordContext, RecordTotals>>;
  readonly byModel: ReadonlyMap<string, RecordTotals>;
}

/** More models than anybody has; beyond it a sum would be wrong, so it is refused. */
const MOST_MODELS = 100_000;

/** There are more models than a summary can name. */
export class TooManyModelsError extends Error {}

const nothing = (): RecordTotals => ({ costPico: null, input: 0n, output: 0n, count: 0n, unpriced: 0n });

/** What the records of a query are, as conditions on events. The platform's own use is that of one customer. */
export function conditionsOf({ accountId, modelId, context, fromUs, toUs }: RecordsQuery): { customerId?: string; exceptCustomerId?: string; model?: string; fromUs?: number; toUs?: number } {
  const customerId = accountId ?? (context === 'system' ? SYSTEM_CUSTOMER : undefined);
  return { customerId, exceptCustomerId: context === 'customer' ? SYSTEM_CUSTOMER : undefined, model: modelId, fromUs, toUs };
}

/** Whether no record can fit: an account's use is never the platform's own. */
export const fitsNothing = ({ accountId, context }: RecordsQuery): boolean => accountId !== undefined && (context === 'system' || accountId === SYSTEM_CUSTOMER);

/** Sums by context and by model; every condition narrows all of them. */
export async function summariseRecords(reader: UsageReader, query: RecordsQuery): Promise<RecordsSummary> {
  const byContext = { customer: nothing(), system: nothing() };
  const byModel = new Map<string, RecordTotals>();
  const total = nothing();
  const wanted = CONTEXTS.filter((context) => (query.context ?? context) === context && !fitsNothing({ ...query, context }));
  await Promise.all(
    wanted.map(async (context) => {
      const { rows, truncated } = await reader.summarise({ ...conditionsOf({ ...query, context }), groupBy: ['model'], limit: MOST_MODELS });
      if (truncated) throw new TooManyModelsError(`There are more than ${MOST_MODELS} models; narrow the question.`);
      for (const row of rows) {
        const model = row['model'] as string;
        if (!byModel.has(model)) byModel.set(model, nothing());
        for (const sums of [total, byContext[context], byModel.get(model)!]) add(sums, row);
      }
    }),
  );
  return { total, byContext, byModel };
}

function add(sums: RecordTotals, row: SummaryView): void {
  const cost = row['cost_usd'] as string | null;
  if (cost !== null) sums.costPico = (sums.costPico ?? 0n) + parseUsd(cost);
  for (const name of INPUT_QUANTITIES) sums.input += whole(row[name]);
  for (const name of OUTPUT_QUANTITIES) sums.output += whole(row[name]);
  sums.count += whole(row['event_count']);
  sums.unpriced += whole(row['unpriced_events']);
}

/** A count: a number, or text where a number would not hold it. */
const whole = (value: unknown): bigint => BigInt(value as number | string);

/** Decimal text; null where there is usage but no cost of it is known. Nothing costs nothing. */
export const costOf = ({ costPico, unpriced }: RecordTotals): string | null => (costPico === null && unpriced > 0n ? null : formatUsd(costPico ?? 0n));
