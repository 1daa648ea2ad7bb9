import { type WholeStack } from '@ledgerline/local-stack';
import { type CustomerSums, type Ledger } from './ledger.js';

/** Alerts that one customer's quota must have raised: one for each threshold. */
const ALERTS = [80, 100];

/** Everything that differs between the producers' ledger and the stack; empty when nothing was lost or doubled. */
export async function verify(stack: WholeStack, ledger: Ledger): Promise<string[]> {
  const differences: string[] = [];
  const { body } = await stack.request<{ data: (CustomerSums & { customer_id: string })[] }>('GET', '/v1/summaries?group_by=customer&consistency=strong');
  const stored = new Map(body.data.map((row) => [row.customer_id, row]));
  for (const [customer, expected] of ledger.sums()) {
    const row = stored.get(customer);
    const found = row && { event_count: row.event_count, input_tokens: row.input_tokens, output_tokens: row.output_tokens, cost_usd: row.cost_usd };
    if (JSON.stringify(found) !== JSON.stringify(expected)) differences.push(`summary of ${customer}: acknowledged ${JSON.stringify(expected)}, stored ${JSON.stringify(found)}`);
    stored.delete(customer);
    differences.push(...(await quotaDifferences(stack, customer, expected)), ...(await alertDifferences(stack, customer)));
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

async function alertDifferences(stack: WholeStack, customer: string): Promise<string[]> {
  const { body } = await stack.request<{ data: { threshold_percent: number }[] }>('GET', `/v1/alerts?customer_id=${customer}`);
  const raised = body.data.map(({ threshold_percent }) => threshold_percent).sort((a, b) => a - b);
  return JSON.stringify(raised) === JSON.stringify(ALERTS) ? [] : [`alerts of ${customer}: expected ${ALERTS.join(', ')} %, raised ${JSON.stringify(raised)}`];
}
