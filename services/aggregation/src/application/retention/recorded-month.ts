/** The first instant after a month given as yyyymm, UTC, milliseconds since 1970. */
export function monthEndMs(month: number): number {
  return Date.UTC(Math.floor(month / 100), month % 100, 1);
}
