export * from './idempotency-index.js';
export * from './memory-idempotency-index.js';
export * from './segmented-idempotency-indexes.js';
export { type SegmentedIdempotencyIndex } from './segmented-idempotency-index.js';
