import { formatUsd, parseUsd } from '@ledgerline/kernel';
import { presentEvent } from './present-event.js';
import { type CorrectionRecord, type EventRow, type EventView, type Position } from './ports.js';

/** What a correction did: its record, and the rows that it made, here or, when it was parked, in a later message. */
interface Step {
  record: CorrectionRecord;
  rows: readonly EventRow[];
  /** Where it took effect: its own place, or the row of a later message. */
  at: Position;
}

/**
 * What happened to an event, from its recording to its last correction, in the order in which it took effect. A correction sent again (a
 * duplicate) is the same correction and stands here once; one that was refused stands here with its reason and changed nothing.
 *
 * @param rows all rows of the event that are still stored, in the order of the log
 * @param corrections all corrections that name it, in the order of the log
 */
export function eventHistory(rows: readonly EventRow[], corrections: readonly CorrectionRecord[]): EventView[] {
  const recorded = rows.filter(({ kind }) => kind === 'recorded');
  const steps = stepsOf(rows, corrections).sort((a, b) => compare(a.at, b.at));
  let state: EventView = recorded.length > 0 ? stateOf(recorded) : {};
  const entries: EventView[] = recorded.map((row) => recordedView(row, state));
  for (const step of steps) {
    const last = step.rows.at(-1);
    if (last) state = stateOf(rows.filter(({ position }) => compare(position, last.position) <= 0));
    entries.push(correctionView(step, state));
  }
  return entries;
}

function stepsOf(rows: readonly EventRow[], corrections: readonly CorrectionRecord[]): Step[] {
  const made = Map.groupBy(rows.filter(({ correctionId }) => correctionId !== ''), ({ correctionId }) => correctionId);
  const steps: Step[] = [];
  for (const record of corrections) {
    if (record.outcome === 'duplicate') continue;
    const effective = record.outcome === 'applied' || record.outcome === 'parked';
    const own = (effective && made.get(record.correctionId)) || [];
    // What is left for a later record of the same id, which was parked as well, is nothing.
    if (own.length > 0) made.delete(record.correctionId);
    const elsewhere = own.find(({ position }) => !sameMessage(position, record.position));
    steps.push({ record, rows: own, at: elsewhere?.position ?? record.position });
  }
  return steps;
}

function recordedView(row: EventRow, state: EventView): EventView {
  return { kind: 'recorded', requested_by: row.event['api_key_id'], recorded_at: row.event['recorded_at'], ...state, position: row.position };
}

function correctionView({ record, rows, at }: Step, state: EventView): EventView {
  const outcome = record.outcome === 'parked' && rows.length > 0 ? 'applied' : record.outcome;
  return {
    kind: record.kind,
    correction_id: record.correctionId,
    customer_id: record.customerId,
    requested_by: record.requestedBy,
    requested_at: record.requestedAt,
    reason: record.reason,
    target: record.target,
    replaced_by: record.replacedBy ?? undefined,
    outcome,
    because: record.code === '' ? undefined : { code: record.code, detail: record.detail },
    ...(rows.length > 0 ? { ...state, cost_change_usd: changeOf(rows) } : {}),
    recorded_at: record.recordedAt,
    position: record.position,
    took_effect_at: sameMessage(at, record.position) ? undefined : at,
  };
}

/** What the event is after these rows. */
function stateOf(rows: readonly EventRow[]): EventView {
  const { version, state, usage, cost_usd, status } = presentEvent(rows)!;
  return { version, state, usage, cost_usd, status };
}

/** By how much the event's cost changed; null when it was or became unknown. */
function changeOf(rows: readonly EventRow[]): string | null {
  if (rows.some(({ costUsd }) => costUsd === null)) return null;
  return formatUsd(rows.reduce((sum, { costUsd }) => sum + parseUsd(costUsd!), 0n));
}

const compare = (a: Position, b: Position): number => a.generation - b.generation || a.sequence - b.sequence || a.index - b.index;
const sameMessage = (a: Position, b: Position): boolean => a.generation === b.generation && a.sequence === b.sequence;
