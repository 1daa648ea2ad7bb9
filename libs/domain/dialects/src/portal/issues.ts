/**
 * One thing that is wrong with a body, as the client portal's guide shows it (the shape of Zod 3's issues): `path` says where, `message` is for
 * people, and further members depend on `code`.
 */
export interface Issue {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly [more: string]: unknown;
}

type Path = readonly (string | number)[];

/** What the guide calls the type of a JSON value. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

export function wrongType(path: Path, expected: string, value: unknown): Issue {
  const received = typeName(value);
  const message = received === 'undefined' ? 'Required' : `Expected ${expected}, received ${received}`;
  return { code: 'invalid_type', expected, received, path, message };
}

export const notWhole = (path: Path): Issue => ({ code: 'invalid_type', expected: 'integer', received: 'float', path, message: 'Expected integer, received float' });

export function tooSmall(path: Path, minimum: number): Issue {
  return { code: 'too_small', minimum, type: 'number', inclusive: true, exact: false, path, message: `Number must be greater than or equal to ${minimum}` };
}

export function tooBig(path: Path, maximum: number): Issue {
  return { code: 'too_big', maximum, type: 'number', inclusive: true, exact: false, path, message: `Number must be less than or equal to ${maximum}` };
}

export const tooShort = (path: Path): Issue => ({ code: 'too_small', minimum: 1, type: 'string', inclusive: true, exact: false, path, message: 'String must contain at least 1 character(s)' });

export function tooLong(path: Path, maximum: number): Issue {
  return { code: 'too_big', maximum, type: 'string', inclusive: true, exact: false, path, message: `String must contain at most ${maximum} character(s)` };
}

/** @param validation `uuid` or `datetime` */
export const invalidText = (path: Path, validation: string): Issue => ({ validation, code: 'invalid_string', path, message: `Invalid ${validation}` });

/** Whatever the field's own rules say. */
export const custom = (path: Path, message: string): Issue => ({ code: 'custom', path, message });
