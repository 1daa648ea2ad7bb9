export * from './alert.js';
export * from './quarantine-growth.js';
export * from './statement.js';
