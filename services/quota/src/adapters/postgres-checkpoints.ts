import { type Kysely, sql } from 'kysely';
import { CheckpointMovedError, type CheckpointMove, type Position } from '../application/ports.js';
import { arrayLiteral, textArray } from './array-literal.js';
import { type QuotaDatabase } from './quota-database.js';

/** Where a partition stands: in its PRICED stream, and in the USAGE stream behind it. */
export interface StoredCheckpoint {
  readonly sequence: number;
  readonly sourceSequence: number;
  readonly streamId: string;
  readonly messageDigest: string;
  readonly highestSeen: number;
}

/** Reads the checkpoints of a generation's partitions, and makes those that are missing, at 0. */
export async function loadCheckpoints(
  db: Kysely<QuotaDatabase>,
  generation: number,
  partitions: readonly number[],
): Promise<Map<number, StoredCheckpoint>> {
  if (partitions.length === 0) return new Map();
  await db
    .insertInto('quota.checkpoints')
    .values(
      partitions.map((partition) => ({
        generation,
        partition,
        sequence: 0,
        source_sequence: 0,
        stream_id: '',
        message_digest: '',
        highest_seen: 0,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const rows = await db
    .selectFrom('quota.checkpoints')
    .selectAll()
    .where('generation', '=', generation)
    .where('partition', 'in', [...partitions])
    .execute();
  return new Map(
    rows.map((row) => [
      row.partition,
      {
        sequence: Number(row.sequence),
        sourceSequence: Number(row.source_sequence),
        streamId: row.stream_id,
        messageDigest: row.message_digest,
        highestSeen: Number(row.highest_seen),
      },
    ]),
  );
}

/** Moves checkpoints by compare-and-set: every one from where the batch began, or none. @throws CheckpointMovedError */
export async function moveCheckpoints(db: Kysely<QuotaDatabase>, generation: number, moves: readonly CheckpointMove[]): Promise<void> {
  const numbers = (pick: (move: CheckpointMove) => number) => arrayLiteral(moves.map(pick));
  const { numAffectedRows } = await sql`
    update quota.checkpoints c
    set sequence = m.sequence, source_sequence = m.source_sequence, stream_id = m.stream_id,
        message_digest = m.message_digest, highest_seen = greatest(c.highest_seen, m.highest_seen), updated_at = now()
    from unnest(
      ${numbers((move) => move.partition)}::int[], ${numbers((move) => move.fromSequence)}::bigint[],
      ${numbers((move) => move.fromSourceSequence)}::bigint[], ${numbers((move) => move.sequence)}::bigint[],
      ${numbers((move) => move.sourceSequence)}::bigint[], ${textArray(moves.map((move) => move.streamId))}::text[],
      ${textArray(moves.map((move) => move.messageDigest))}::text[], ${numbers((move) => move.highestSeen)}::bigint[]
    ) as m (partition, from_sequence, from_source, sequence, source_sequence, stream_id, message_digest, highest_seen)
    where c.generation = ${generation} and c.partition = m.partition
      and c.sequence = m.from_sequence and c.source_sequence = m.from_source`.execute(db);
  if (Number(numAffectedRows ?? 0) !== moves.length) throw new CheckpointMovedError(moves.map((move) => move.partition));
}

/** The vector that everything counted so far lies behind. */
export async function positions(db: Kysely<QuotaDatabase>): Promise<Position[]> {
  const rows = await db
    .selectFrom('quota.checkpoints')
    .select(['generation', 'partition', 'sequence'])
    .where('sequence', '>', 0)
    .orderBy('generation')
    .orderBy('partition')
    .execute();
  return rows.map(({ generation, partition, sequence }) => ({ generation, partition, sequence: Number(sequence) }));
}
