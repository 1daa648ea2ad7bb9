import { type DictionaryField, writeInt128 } from '@ledgerline/contracts';
import { decimal128Column, type DictionaryValues, type NativeColumn, nullable, stringMapColumn } from '@ledgerline/clickhouse';
import { DecimalError, parseUsd } from '@ledgerline/kernel';

/** Which column of the table holds which text of the envelope; tags and the client's cost have types of their own. */
export const COLUMN_NAMES: readonly (readonly [DictionaryField, string])[] = [
  ['source', 'source'],
  ['customer', 'customer_id'],
  ['project', 'project_id'],
  ['user', 'user_id'],
  ['provider', 'provider'],
  ['model', 'model'],
  ['operation', 'operation'],
  ['endpoint', 'endpoint'],
  ['serviceTier', 'service_tier'],
  ['errorCode', 'error_code'],
  ['apiKey', 'api_key_id'],
];

/** `tags` as a map. Each distinct set of tags is parsed once. */
export function tagsColumn({ dictionary, indices }: DictionaryValues): NativeColumn {
  return stringMapColumn('tags', dictionary.map(tagsOf), indices);
}

/** Pricing has checked the tags; text that still is no object becomes no tags, because a label must never stop the meter. */
function tagsOf(text: string): Record<string, string> {
  if (text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {};
    return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]));
  } catch {
    return {};
  }
}

/** `client_cost_usd`: what the client said it paid, NULL where it said nothing. */
export function clientCostColumn({ dictionary, indices }: DictionaryValues): NativeColumn {
  const amounts = dictionary.map(amountOf);
  const values = new Uint8Array(indices.length * 16);
  const nulls = new Uint8Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const amount = amounts[indices[i]!];
    if (amount === null || amount === undefined) nulls[i] = 1;
    else writeInt128(values, i * 16, amount);
  }
  return nullable(decimal128Column('client_cost_usd', 12, values), nulls);
}

function amountOf(text: string): bigint | null {
  if (text === '') return null;
  try {
    return parseUsd(text);
  } catch (error) {
    if (error instanceof DecimalError) return null;
    throw error;
  }
}
