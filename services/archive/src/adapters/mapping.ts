import { type ArchivedFile, type PartitionProgress } from '../application/ports.js';

export interface ProgressRow {
  archived_sequence: number;
  stream_id: string;
  message_digest: string;
  highest_seen: number;
  priced_trimmed_before: number;
  usage_trimmed_before: number;
}

export interface FileRow {
  first_sequence: number;
  last_sequence: number;
  source_from: number;
  source_to: number;
  priced_from_us: number;
  priced_to_us: number;
  recorded_from_us: number;
  recorded_to_us: number;
  event_count: number;
  name: string;
  bytes: number;
}

export function progressFromRow(row: ProgressRow): PartitionProgress {
  return {
    checkpoint: { sequence: row.archived_sequence, streamId: row.stream_id, messageDigest: row.message_digest, highestSeen: row.highest_seen },
    pricedBefore: row.priced_trimmed_before,
    usageBefore: row.usage_trimmed_before,
  };
}

export function fileFromRow(row: FileRow): ArchivedFile {
  return {
    from: row.first_sequence,
    to: row.last_sequence,
    name: row.name,
    bytes: row.bytes,
    sourceFrom: row.source_from,
    sourceTo: row.source_to,
    pricedFromUs: row.priced_from_us,
    pricedToUs: row.priced_to_us,
    recordedFromUs: row.recorded_from_us,
    recordedToUs: row.recorded_to_us,
    events: row.event_count,
  };
}
