export * from './amount.js';
export * from './crossing-id.js';
export * from './metric.js';
export * from './period.js';
export * from './quota.js';
export * from './quota-terms.js';
export * from './window.js';
export * from './quarantine-hours.js';
