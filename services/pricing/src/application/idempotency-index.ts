export {
  Claim,
  type Claimant,
  type Coverage,
  type IdempotencyIndex,
  type IdempotencyIndexes,
  type IndexedStream,
  IndexWriteError,
  NO_COVERAGE,
} from '@ledgerline/idempotency-index';
