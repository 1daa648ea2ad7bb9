export { type Server } from './servers/server.js';
export { startNats, type NatsOptions } from './servers/nats.js';
export { startPostgres, type PostgresOptions } from './servers/postgres.js';
export { removeCluster } from './servers/postgres-place.js';
export { startClickhouse, type ClickhouseOptions } from './servers/clickhouse.js';
export { eventually, type EventuallyOptions } from './process/eventually.js';
export { launch, type Exit, type LaunchOptions, type RunningProcess } from './process/launch.js';
export { ServerStartError } from './process/until.js';
export { freePorts, isPortFree } from './process/ports.js';
