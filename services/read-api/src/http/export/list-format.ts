import { ProblemError } from '@ledgerline/service-kit';
import { type IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';

export type ExportFormat = 'csv' | 'ndjson' | 'parquet';

const FORMATS: Record<string, ExportFormat | 'json'> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
};

/**
 * How a list is to be written of what there is, by the request's `Accept` (RFC 9110); JSON when it does not say.
 *
 * @throws ProblemError 406 naming what there is
 */
export function listFormat(headers: IncomingHttpHeaders, types: readonly string[] = Object.keys(FORMATS)): ExportFormat | 'json' {
  const type = new Negotiator({ headers }).mediaType([...types]);
  if (type === undefined) throw new ProblemError(406, 'not_acceptable', `This can be had as ${types.join(', ')}.`);
  return FORMATS[type]!;
}
