/** What an event may hold. Ingest says so to its clients; pricing holds everyone else to the same. */

/** Names of things: ids, customer, provider, model and the like. */
export const MAX_NAME_LENGTH = 256;
export const MAX_ENDPOINT_LENGTH = 2_048;
export const MAX_TAGS = 64;
export const MAX_TAG_KEY_LENGTH = 128;
export const MAX_TAG_VALUE_LENGTH = 512;
/** Text of a metadata object, in UTF-8 bytes; two of them and the rest still fit one message. */
export const MAX_METADATA_BYTES = 32_768;

/** `occurred_at` may lie this far ahead of the moment of recording: clocks differ. */
export const MAX_AHEAD_MS = 300_000;

/** 2000-01-01T00:00:00Z in microseconds. What claims to be older is a broken clock, not usage. */
export const EARLIEST_OCCURRED_AT_US = 946_684_800_000_000;

/** An event's source when its sender names none. */
export const DEFAULT_SOURCE = 'api';

/** The customer that the platform's own use is counted for. */
export const SYSTEM_CUSTOMER = 'system';

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Why a text cannot name something, or null when it can.
 *
 * Control characters are refused since some stores cut or reject them, and unpaired surrogates since
 * they have no UTF-8 form: two names that differ would be stored as the same.
 */
export function nameProblem(text: string, maxLength = MAX_NAME_LENGTH): string | null {
  if (text === '') return 'must not be empty';
  if (text.length > maxLength) return `must be at most ${maxLength} characters long`;
  if (CONTROL.test(text)) return 'must not contain control characters';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return null;
}

/** Why a moment cannot be an event's time, or null when it can. Both in microseconds since the epoch. */
export function occurredAtProblem(occurredAtUs: number, recordedAtUs: number): string | null {
  if (occurredAtUs < EARLIEST_OCCURRED_AT_US) return 'must not be before 2000-01-01T00:00:00Z';
  if (occurredAtUs > recordedAtUs + MAX_AHEAD_MS * 1000) return 'must not be more than 5 minutes ahead';
  return null;
}
