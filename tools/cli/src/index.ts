export * from './exit.js';
export * from './program.js';
export * from './trace-import/import-trace.js';
export * from './trace-import/trace-event.js';
export * from './trace-import/trace-file.js';
export * from './trace-import/trace-row.js';
