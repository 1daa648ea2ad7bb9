export * from './idempotency-index.js';
export * from './index-contents.js';
export * from './memory-idempotency-index.js';
export { leaveRebuilt } from './rebuilt-index.js';
export { SegmentDamagedError } from './segment-damaged-error.js';
export * from './segmented-idempotency-indexes.js';
export { type SegmentedIdempotencyIndex } from './segmented-idempotency-index.js';
