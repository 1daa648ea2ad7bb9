import { nameProblem, parseTimestampUs } from '@ledgerline/domain-metering';
import { custom, invalidText, type Issue, notWhole, tooBig, tooLong, tooShort, tooSmall, wrongType } from './issues.js';

/** A usage as the client portal's API takes it. */
export interface PortalUsage {
  readonly project_id: string;
  readonly provider: string;
  readonly model: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** ISO 8601; now unless given. */
  readonly request_timestamp?: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_NAME_LENGTH = 256;

/**
 * Checks a body, which is any JSON value. Fields that the guide does not name are passed over, as the portal did.
 *
 * @param maxCount largest count of tokens
 * @returns the usage, or every issue with the body
 */
export function readPortalUsage(body: unknown, maxCount: number): PortalUsage | readonly Issue[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [wrongType([], 'object', body)];
  const fields = body as Record<string, unknown>;
  const timestamp = fields['request_timestamp'] ?? undefined;
  const issues = [
    ...projectIssues(fields['project_id']),
    ...nameIssues('provider', fields['provider']),
    ...nameIssues('model', fields['model']),
    ...countIssues('input_tokens', fields['input_tokens'], maxCount),
    ...countIssues('output_tokens', fields['output_tokens'], maxCount),
    ...(timestamp === undefined ? [] : timestampIssues(timestamp)),
  ];
  if (issues.length > 0) return issues;
  const { project_id, provider, model, input_tokens, output_tokens } = fields as unknown as PortalUsage;
  return { project_id: project_id.toLowerCase(), provider, model, input_tokens, output_tokens, ...(timestamp === undefined ? {} : { request_timestamp: timestamp as string }) };
}

/** Whether a text is the id of a project. */
export const isProjectId = (text: string): boolean => UUID.test(text);

function projectIssues(value: unknown): Issue[] {
  const path = ['project_id'];
  if (typeof value !== 'string') return [wrongType(path, 'string', value)];
  return isProjectId(value) ? [] : [invalidText(path, 'uuid')];
}

function nameIssues(field: string, value: unknown): Issue[] {
  const path = [field];
  if (typeof value !== 'string') return [wrongType(path, 'string', value)];
  if (value === '') return [tooShort(path)];
  if (value.length > MAX_NAME_LENGTH) return [tooLong(path, MAX_NAME_LENGTH)];
  const problem = nameProblem(value);
  return problem === null ? [] : [custom(path, problem)];
}

function countIssues(field: string, value: unknown, most: number): Issue[] {
  const path = [field];
  if (typeof value !== 'number') return [wrongType(path, 'number', value)];
  if (!Number.isInteger(value)) return [notWhole(path)];
  if (value < 0) return [tooSmall(path, 0)];
  return value > most ? [tooBig(path, most)] : [];
}

function timestampIssues(value: unknown): Issue[] {
  const path = ['request_timestamp'];
  if (typeof value !== 'string') return [wrongType(path, 'string', value)];
  return parseTimestampUs(value) === null ? [invalidText(path, 'datetime')] : [];
}
