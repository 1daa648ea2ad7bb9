import { type RecordedCorrection } from '../application/collect-corrections.js';
import { type QuarantinedItem } from '../application/collect-quarantined.js';
import { isoMicroseconds } from '../application/event-json.js';

interface Position {
  recordedAtUs: number;
  generation: number;
  partition: number;
  sequence: number;
  index: number;
}

/** The end of what DateTime64 holds: a time that a client made up must not stop the sink. */
const LAST_TIME_US = Date.UTC(2299, 11, 31) * 1000;

const positionRow = ({ recordedAtUs, generation, partition, sequence, index }: Position) => ({
  recorded_at: isoMicroseconds(recordedAtUs),
  source_generation: generation,
  source_partition: partition,
  source_sequence: sequence,
  source_index: index,
});

/** A row of quarantined_items. */
export const quarantinedRow = (held: QuarantinedItem) => ({
  usage_id: held.usageId,
  item: held.item,
  customer_id: held.customerId,
  outcome: held.outcome,
  code: held.code,
  detail: held.detail,
  body: held.body,
  encoding: held.encoding,
  ...positionRow(held),
});

/** A row of corrections. */
export const correctionRow = (correction: RecordedCorrection) => ({
  usage_id: correction.usageId,
  correction_id: correction.correctionId,
  kind: correction.kind,
  customer_id: correction.customerId,
  outcome: correction.outcome,
  code: correction.code,
  detail: correction.detail,
  requested_by: correction.requestedBy,
  reason: correction.reason,
  requested_at: isoMicroseconds(Math.min(correction.requestedAtUs, LAST_TIME_US)),
  target: correction.target,
  replaced_by: correction.replacedBy,
  held_sequence: correction.heldSequence,
  held_index: correction.heldIndex,
  ...positionRow(correction),
});
