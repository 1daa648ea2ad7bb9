import { STATUS_CODES } from 'node:http';
import { type FieldError } from './problem-error.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** RFC 9457 problem details, with a stable code and, for bad input, the fields. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: readonly FieldError[];
}

export function problemBody(status: number, code: string, detail: string, errors?: readonly FieldError[]): ProblemBody {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, ...(errors?.length ? { errors } : {}) };
}
