import { type EventPosition } from '../application/event-query.js';

const CONTENT = /^(\d{1,16})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** A position as an opaque text that fits a URL. */
export function writeCursor({ occurredAtUs, usageId }: EventPosition): string {
  return Buffer.from(`${occurredAtUs}.${usageId}`).toString('base64url');
}

/** The position, or null for a text that no answer of ours contained. */
export function readCursor(text: string): EventPosition | null {
  const match = CONTENT.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match ? { occurredAtUs: Number(match[1]), usageId: match[2]! } : null;
}
