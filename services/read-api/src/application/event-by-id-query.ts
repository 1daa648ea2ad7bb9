import { type BoundSql, Conditions } from './bound-sql.js';
import { FIELDS } from './event-query.js';
import { type EventScope } from './ports.js';

const POSITION = 'source_generation, source_sequence, source_index';

/** Conditions that every question about one event has; the only place that knows whose events may be seen. */
const ofEvent = (usageId: string, scope: EventScope, column = 'usage_id'): Conditions => new Conditions().add(`${column} = {usage_id:UUID}`, { usage_id: usageId }).equals('customer_id', scope.customerId);

/** All rows of one event, in the order of the log. */
export function eventRowsSQL(usageId: string, scope: EventScope): BoundSql {
  const where = ofEvent(usageId, scope);
  return { sql: `SELECT ${FIELDS}\nFROM usage_events${where.toSQL()}\nORDER BY ${POSITION}`, parameters: where.parameters };
}

/** All corrections that name one event, in the order of the log. */
export function correctionsSQL(usageId: string, scope: EventScope): BoundSql {
  const where = ofEvent(usageId, scope);
  return { sql: `SELECT *\nFROM corrections FINAL${where.toSQL()}\nORDER BY ${POSITION}`, parameters: where.parameters };
}

/** The events that were voided in favour of this one. */
export function replacedSQL(usageId: string, scope: EventScope): BoundSql {
  const where = ofEvent(usageId, scope, 'replaced_by').add("kind = 'void'").add("outcome IN ('applied', 'parked')");
  return { sql: `SELECT DISTINCT usage_id\nFROM corrections${where.toSQL()}\nORDER BY usage_id`, parameters: where.parameters };
}

/** An event that was not counted, by the address it would have had. */
export function quarantinedByIdSQL(usageId: string, scope: EventScope): BoundSql {
  const where = ofEvent(usageId, scope).add("item = 'event'");
  return {
    sql: `SELECT usage_id, customer_id, outcome, code, detail, body, recorded_at\nFROM quarantined_items${where.toSQL()}\nORDER BY source_generation DESC, source_sequence DESC, source_index DESC\nLIMIT 1`,
    parameters: where.parameters,
  };
}
