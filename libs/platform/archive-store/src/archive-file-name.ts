/** Which messages a file holds: a run of one partition's PRICED messages, both ends included. */
export interface ArchiveRange {
  generation: number;
  partition: number;
  from: number;
  to: number;
}

/** Sequences are padded to the digits of the largest safe integer, so that names sort as the numbers do. */
const DIGITS = 16;
const NAME = /^priced\/g(\d+)\/p(\d+)\/(\d{16})-(\d{16})\.parquet$/;

/** Where the files of one partition lie: `priced/g1/p3/`. */
export function archiveFolder(generation: number, partition: number): string {
  return `priced/g${generation}/p${partition}/`;
}

/** The same range has the same name: `priced/g1/p3/0000000000000001-0000000000000500.parquet`. */
export function archiveFileName({ generation, partition, from, to }: ArchiveRange): string {
  const digits = (sequence: number): string => String(sequence).padStart(DIGITS, '0');
  return `${archiveFolder(generation, partition)}${digits(from)}-${digits(to)}.parquet`;
}

/** The range that a name speaks of; null when it is not a file of the archive. */
export function parseArchiveFileName(name: string): ArchiveRange | null {
  const match = NAME.exec(name);
  if (match === null) return null;
  const [generation, partition, from, to] = match.slice(1).map(Number) as [number, number, number, number];
  return from >= 1 && from <= to && Number.isSafeInteger(to) ? { generation, partition, from, to } : null;
}
