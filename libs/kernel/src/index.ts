export * from './clock.js';
export * from './decimal.js';
export * from './json-number.js';
export * from './money.js';
export * from './result.js';
export * from './siphash.js';
export * from './quantity.js';
