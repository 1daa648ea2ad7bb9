import { type ErrorObject } from 'ajv';
import { type Rejection } from '../application/record-events.js';

const LARGEST_WORDS: Record<string, string> = { integer: 'a whole number', number: 'a number', string: 'a string', object: 'an object' };

/** Turns a schema error into the field it is about and what was expected there. The value is not repeated. */
export function explainError(error: ErrorObject): Rejection {
  const path = error.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~').split('/').join('.');
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { field: join(path, params['missingProperty']), reason: 'is required' };
    case 'additionalProperties':
      return { field: join(path, params['additionalProperty']), reason: 'is not a known field' };
    case 'propertyNames':
      return { field: path, reason: 'has a key that is empty or too long' };
    case 'type':
      return { field: path, reason: `must be ${typeWords(params['type'] as string | string[])}` };
    case 'enum':
      return { field: path, reason: `must be one of ${(params['allowedValues'] as unknown[]).filter((value) => value !== null).join(', ')}` };
    case 'minimum':
      return { field: path, reason: 'must not be negative' };
    case 'maximum':
      return { field: path, reason: `must be at most ${String(params['limit'])}` };
    case 'minLength':
      return { field: path, reason: 'must not be empty' };
    case 'maxLength':
      return { field: path, reason: `must be at most ${String(params['limit'])} characters long` };
    case 'maxProperties':
      return { field: path, reason: `must have at most ${String(params['limit'])} entries` };
    default:
      return { field: path, reason: error.message ?? 'is not valid' };
  }
}

const join = (path: string, name: unknown): string => (path === '' ? String(name) : `${path}.${String(name)}`);

function typeWords(type: string | string[]): string {
  const types = (typeof type === 'string' ? type.split(',') : type).filter((one) => one !== 'null');
  if (types.includes('number') && types.includes('string')) return 'a number or a decimal string';
  return types.map((one) => LARGEST_WORDS[one] ?? one).join(' or ');
}
