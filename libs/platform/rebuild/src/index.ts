export * from './archived-history.js';
export * from './difference.js';
export * from './job-messages.js';
export * from './log-history.js';
export * from './positions.js';
export * from './priced-history.js';
export * from './rebuild-projection.js';
export * from './run-job.js';
