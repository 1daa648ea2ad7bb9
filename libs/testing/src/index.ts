export { eventually, type EventuallyOptions, freePorts, type Server, startClickhouse } from '@ledgerline/local-stack';
export { ADMIN_KEY, call, type RunningAccounts, startAccounts } from './accounts.js';
export { serverUrl } from './environment.js';
export { freshClickhouse, type FreshClickhouse } from './fresh-clickhouse.js';
export { freshDatabase, type FreshDatabase } from './fresh-database.js';
export { freshNats, type FreshNats } from './fresh-nats.js';
export { envelopeOf, type EventSpec, garbageRun, pricedBytes, RECORDED_AT_US, runOf } from './priced-fixture.js';
export { type RunningService, startService, type StartServiceOptions } from './start-service.js';
export { AnswerLostError, type Fate, ModelProcess } from './model-process.js';
