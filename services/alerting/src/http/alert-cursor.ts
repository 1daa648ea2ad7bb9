/** Where a page of alerts ended. */
export interface AlertPlace {
  readonly raisedAt: Date;
  readonly id: string;
}

const PLACE = /^(\d{1,15})\.([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/;

/** An opaque text for `?cursor=`. */
export const toCursor = ({ raisedAt, id }: AlertPlace): string => Buffer.from(`${raisedAt.getTime()}.${id}`).toString('base64url');

/** Undefined for a text that is no cursor. */
export function fromCursor(text: string): AlertPlace | undefined {
  const match = PLACE.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match ? { raisedAt: new Date(Number(match[1])), id: match[2]! } : undefined;
}
