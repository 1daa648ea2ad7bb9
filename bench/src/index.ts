export * from './load-generator/generate-load.js';
export * from './load-generator/job.js';
