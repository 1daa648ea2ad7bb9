import { expect } from '@jest/globals';
import { formatUsd } from '@ledgerline/kernel';
import pg from 'pg';
import { type LocalStack } from './local-stack.js';
import { type Trace } from './trace-file.js';

/** One summary row, as far as these tests look at it. */
export interface Summary {
  event_count: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: string;
  unpriced_events: number;
}

export interface Alert {
  threshold_percent: number;
  crossing_number: number;
  customer_id: string;
  status: string;
  limit: string;
  value: string;
}

/** gpt-4: $30 and $60 a million tokens, in 1e-12 USD a token. */
const INPUT_PICO = 30_000_000n;
const OUTPUT_PICO = 60_000_000n;

export interface Expected {
  readonly summary: Summary;
  readonly quota: { readonly events: string; readonly tokens: string; readonly cost: string };
}

/** What the traces add up to, from their text alone. */
export function expectedOf(files: readonly Trace[]): Expected {
  const events = files.reduce((sum, file) => sum + file.events, 0);
  const input = files.reduce((sum, file) => sum + file.inputTokens, 0n);
  const output = files.reduce((sum, file) => sum + file.outputTokens, 0n);
  const cost = formatUsd(input * INPUT_PICO + output * OUTPUT_PICO);
  return {
    summary: { event_count: events, input_tokens: Number(input), output_tokens: Number(output), cost_usd: cost, unpriced_events: 0 },
    quota: { events: String(events), tokens: String(input + output), cost },
  };
}

/** A customer's sums over the API. */
export async function summaryOf(stack: LocalStack, customer: string): Promise<Summary> {
  const { status, body } = await stack.request<{ data: Summary[] }>('GET', `/v1/summaries?customer_id=${customer}`);
  expect(status).toBe(200);
  return body.data[0]!;
}

/** A customer's sums as the quota projection holds them. */
export async function quotaSumsOf(stack: LocalStack, customer: string): Promise<Expected['quota']> {
  const client = new pg.Client({ connectionString: stack.file().database_url });
  await client.connect();
  try {
    const { rows } = await client.query<Expected['quota']>(
      `SELECT sum(event_count)::text AS events, trim_scale(sum(tokens))::text AS tokens, trim_scale(sum(cost_usd))::text AS cost
       FROM quota.usage_sums WHERE customer_id = $1`,
      [customer],
    );
    return rows[0]!;
  } finally {
    await client.end();
  }
}

export async function alertsOf(stack: LocalStack, customer: string): Promise<Alert[]> {
  const { status, body } = await stack.request<{ data: Alert[] }>('GET', `/v1/alerts?customer_id=${customer}`);
  expect(status).toBe(200);
  return body.data.sort((a, b) => a.threshold_percent - b.threshold_percent);
}

/** The command that imports a trace for a customer. */
export const importArguments = (file: Trace, customer: string): string[] => ['import', 'azure-llm-trace', file.path, '--customer', customer, '--provider', 'openai', '--model', 'gpt-4'];

/** Imports the traces for a customer, one after the other. */
export async function importTraces(stack: LocalStack, files: readonly Trace[], customer: string): Promise<void> {
  for (const file of files) {
    const { code, output } = await stack.cli(...importArguments(file, customer));
    if (code !== 0) throw new Error(`import ended with ${code}:\n${output}`);
  }
}
