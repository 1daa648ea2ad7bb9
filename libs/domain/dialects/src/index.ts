export * from './portal/issues.js';
export * from './portal/portal-error.js';
export * from './portal/portal-record.js';
export * from './portal/portal-usage.js';
