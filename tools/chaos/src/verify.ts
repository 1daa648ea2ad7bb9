import { eventually, type WholeStack } from '@ledgerline/local-stack';
import { type CustomerSums, type Ledger } from './load/ledger.js';

/** Percentages of a quota at which an alert is raised, each once. */
const THRESHOLDS = [80, 100];
/** Longest that the last events may take into every sum once nothing is done to the stack any more. */
const SETTLE_MS = 120_000;

/** What the stack is held against. */
export interface Expected {
  readonly ledger: Ledger;
  /** The limit of each customer's quota, in tokens. */
  readonly limits: ReadonlyMap<string, number>;
}

/** The differences that are left when everything had time to arrive. */
export async function settledDifferences(stack: WholeStack, expected: Expected): Promise<string[]> {
  let differences: string[] = [];
  await eventually(
    async () => {
      differences = await verify(stack, expected);
      if (differences.length > 0) throw new Error('not all of it is there');
    },
    { timeoutMs: SETTLE_MS, intervalMs: 1_000 },
  ).catch((error: Error) => {
    if (differences.length === 0) differences = [`the stack could not be asked: ${error.message}`];
  });
  return differences;
}

/** Everything that differs between the producers' ledger and the stack; empty when nothing was lost or doubled. */
async function verify(stack: WholeStack, { ledger, limits }: Expected): Promise<string[]> {
  const differences: string[] = [];
  const { body } = await stack.request<{ data: (CustomerSums & { customer_id: string })[] }>('GET', '/v1/summaries?group_by=customer&consistency=strong');
  const stored = new Map(body.data.map((row) => [row.customer_id, row]));
  for (const [customer, expected] of ledger.sums()) {
    const row = stored.get(customer);
    const found = row && { event_count: row.event_count, input_tokens: row.input_tokens, output_tokens: row.output_tokens, cost_usd: row.cost_usd };
    if (JSON.stringify(found) !== JSON.stringify(expected)) differences.push(`summary of ${customer}: acknowledged ${JSON.stringify(expected)}, stored ${JSON.stringify(found)}`);
    stored.delete(customer);
    differences.push(...(await quotaDifferences(stack, customer, expected)), ...(await alertDifferences(stack, customer, thresholdsReached(expected, limits.get(customer)!))));
  }
  for (const customer of stored.keys()) differences.push(`summary of ${customer}: nobody sent anything for it`);
  const audit = await stack.cli('audit');
  if (audit.code !== 0) differences.push(`audit ended with ${audit.code}:\n${audit.output}`);
  return differences;
}

async function quotaDifferences(stack: WholeStack, customer: string, expected: CustomerSums): Promise<string[]> {
  const { body } = await stack.request<{ data: { value: string }[] }>('GET', `/v1/quotas?customer_id=${customer}`);
  const tokens = String(expected.input_tokens + expected.output_tokens);
  return body.data.map(({ value }) => value).join() === tokens ? [] : [`quota of ${customer}: acknowledged ${tokens} tokens, counted ${JSON.stringify(body.data)}`];
}

function thresholdsReached({ input_tokens, output_tokens }: CustomerSums, limit: number): number[] {
  return THRESHOLDS.filter((percent) => (input_tokens + output_tokens) * 100 >= limit * percent);
}

async function alertDifferences(stack: WholeStack, customer: string, expected: number[]): Promise<string[]> {
  const { body } = await stack.request<{ data: { threshold_percent: number }[] }>('GET', `/v1/alerts?customer_id=${customer}`);
  const raised = body.data.map(({ threshold_percent }) => threshold_percent).sort((a, b) => a - b);
  return JSON.stringify(raised) === JSON.stringify(expected) ? [] : [`alerts of ${customer}: expected ${expected.join(', ')} %, raised ${JSON.stringify(raised)}`];
}
