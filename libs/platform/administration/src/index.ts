export { type Actor, actorOf, SYSTEM } from './actor.js';
export { adminLogMigration, BY_AN_ACTOR, decimalOf, logChangesOf, type LoggedTable, type OfRow, timeOf } from './admin-log-migration.js';
export { type Change, calledBy, transactionOf } from './change.js';
export { Changes, type ChangesOptions } from './changes.js';
export { idempotencyMigration } from './idempotency/idempotency-migration.js';
export { repeatable } from './idempotency/repeatable.js';
