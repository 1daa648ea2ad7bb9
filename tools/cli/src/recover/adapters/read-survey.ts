import { jetstreamManager } from '@nats-io/jetstream';
import { type Pool } from 'pg';
import { decodePricedEnvelope } from '@ledgerline/contracts';
import { findStream, type NatsConnection, readLastMessage, streamOf } from '@ledgerline/messaging';
import { type PartitionSurvey } from '../survey.js';

interface ProgressRow {
  partition: number;
  priced: number;
  source: number;
  atUs: number;
}

const NONE = { priced: 0, source: 0, atUs: 0 };

/** Looks at every partition of a generation. A stream that is gone counts as empty. */
export async function readSurvey(nc: NatsConnection, pool: Pool, generation: number, partitions: number): Promise<PartitionSurvey[]> {
  const jsm = await jetstreamManager(nc);
  const progress = async (view: string, priced: string): Promise<Map<number, ProgressRow>> => {
    const { rows } = await pool.query<ProgressRow>(`SELECT partition, ${priced} AS priced, source_sequence AS source, (extract(epoch FROM updated_at) * 1000000)::bigint AS "atUs" FROM ${view} WHERE generation = $1`, [generation]);
    return new Map(rows.map((row) => [row.partition, row]));
  };
  const [rows, quota] = await Promise.all([progress('aggregation.published_progress', 'priced_sequence'), progress('quota.published_progress', 'sequence')]);
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition): Promise<PartitionSurvey> => {
      const usage = await findStream(jsm, streamOf('USAGE', generation, partition).stream);
      const pricedStream = streamOf('PRICED', generation, partition).stream;
      const last = (await findStream(jsm, pricedStream)) === null ? null : await readLastMessage(jsm, pricedStream);
      return {
        partition,
        usageEnd: usage?.state.last_seq ?? 0,
        pricedEnd: last?.sequence ?? 0,
        sourceEnd: last === null ? 0 : decodePricedEnvelope(last.data).sourceTo,
        rows: rows.get(partition) ?? NONE,
        quota: quota.get(partition) ?? NONE,
      };
    }),
  );
}
