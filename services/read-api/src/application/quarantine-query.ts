import { type HeldPosition } from '@ledgerline/contracts';
import { boundTime, type BoundSql, Conditions, type Unpaged } from './bound-sql.js';

export const HELD_OUTCOMES = ['quarantined', 'late', 'parked'] as const;
/** Open until somebody has sent it again (released) or given it up (discarded). */
export const HELD_STATES = ['open', 'released', 'discarded'] as const;

/** Which of what was held back. Times are microseconds since 1970. */
export interface QuarantineFilter {
  customerId?: string;
  outcome?: (typeof HELD_OUTCOMES)[number];
  /** Of the reason. */
  code?: string;
  state: (typeof HELD_STATES)[number];
  /** Recorded at or after. */
  fromUs?: number;
  /** Recorded before. */
  toUs?: number;
}

/** A page of it, newest first by when it was recorded. */
export interface QuarantineQuery extends QuarantineFilter {
  /** The last item of the page before. */
  after?: HeldPlace;
  limit: number;
}

/** Where an item stands in the order of lists. */
export interface HeldPlace {
  recordedAtUs: number;
  position: HeldPosition;
}

const POSITION = 'source_generation, source_partition, source_sequence, source_index';
const NEWEST_FIRST = 'recorded_at DESC, source_generation DESC, source_partition DESC, source_sequence DESC, source_index DESC';
const FIELDS = `usage_id, item, customer_id, outcome, code, detail, body, encoding, recorded_at, ${POSITION}`;
const APPLIED = "kind IN ('discard', 'release') AND outcome = 'applied'";

/** Positions that a resolution of this kind names. */
const resolvedBy = (condition: string): string =>
  `(SELECT source_generation, source_partition, held_sequence, held_index FROM corrections WHERE outcome = 'applied' AND ${condition})`;

/** One resolution an item. Two people may have acted at once: one that sent the event again counts, because the event does; else the first. */
const RESOLUTIONS = `SELECT source_generation AS generation, source_partition AS partition, held_sequence, held_index,
    argMin((kind, requested_by, reason, requested_at, replaced_by), (kind = 'discard', source_sequence, source_index)) AS resolution
  FROM corrections
  WHERE ${APPLIED}
  GROUP BY generation, partition, held_sequence, held_index`;

/**
 * Items at positions, with what became of them. Bodies are read of these only: sorting is done without them.
 * An item may be stored twice for a while, by an insert that was tried again.
 */
const itemsAt = (positions: string): string => `SELECT ${FIELDS},
  resolution.1 AS action, resolution.2 AS resolved_by, resolution.3 AS resolution_reason, resolution.4 AS resolved_at, resolution.5 AS replayed_as
FROM quarantined_items AS items
LEFT JOIN (
  ${RESOLUTIONS}
) AS resolved ON items.source_generation = resolved.generation AND items.source_partition = resolved.partition
  AND items.source_sequence = resolved.held_sequence AND items.source_index = resolved.held_index
WHERE (${POSITION}) IN (${positions})
ORDER BY ${NEWEST_FIRST}
LIMIT 1 BY ${POSITION}`;

/** One item by its position. */
export function heldItemSQL({ generation, partition, sequence, index }: HeldPosition): BoundSql {
  return { sql: itemsAt('({generation:UInt16}, {partition:UInt16}, {sequence:UInt64}, {index:UInt32})'), parameters: { generation, partition, sequence, index } };
}

/** One row more than the limit, so that the caller knows whether there is another page. */
export const heldItemsSQL = (query: QuarantineQuery): BoundSql => allHeldItemsSQL({ ...query, limit: query.limit + 1 });

/** All of them, or the first so many. */
export function allHeldItemsSQL(query: Unpaged<QuarantineQuery>): BoundSql {
  const where = conditionsOf(query);
  if (query.after !== undefined) {
    const { recordedAtUs, position } = query.after;
    where.add(`(recorded_at, ${POSITION}) < (${boundTime('after_time')}, {generation:UInt16}, {partition:UInt16}, {sequence:UInt64}, {index:UInt32})`, {
      after_time: recordedAtUs,
      ...position,
    });
  }
  const page = `SELECT ${POSITION} FROM quarantined_items${where.toSQL()}
ORDER BY ${NEWEST_FIRST}
LIMIT 1 BY ${POSITION}${query.limit === undefined ? '' : '\nLIMIT {limit:UInt32}'}`;
  return { sql: itemsAt(page), parameters: { ...where.parameters, ...(query.limit === undefined ? {} : { limit: query.limit }) } };
}

/** How many there are, by outcome and code of the reason; most first. */
export function quarantineSummarySQL(filter: QuarantineFilter): BoundSql {
  const where = conditionsOf(filter);
  return {
    sql: `SELECT outcome, code, uniqExact(${POSITION}) AS items, min(recorded_at) AS oldest, max(recorded_at) AS newest
FROM quarantined_items${where.toSQL()}
GROUP BY outcome, code
ORDER BY items DESC, outcome, code`,
    parameters: where.parameters,
  };
}

function conditionsOf({ customerId, outcome, code, state, fromUs, toUs }: QuarantineFilter): Conditions {
  const where = new Conditions().equals('customer_id', customerId).equals('outcome', outcome).equals('code', code);
  if (fromUs !== undefined) where.add(`recorded_at >= ${boundTime('from')}`, { from: fromUs });
  if (toUs !== undefined) where.add(`recorded_at < ${boundTime('to')}`, { to: toUs });
  const among = (not: string, condition: string) => where.add(`(${POSITION}) ${not}IN ${resolvedBy(condition)}`);
  if (state === 'open') return among('NOT ', "kind IN ('discard', 'release')");
  if (state === 'released') return among('', "kind = 'release'");
  among('', "kind = 'discard'");
  return among('NOT ', "kind = 'release'");
}
