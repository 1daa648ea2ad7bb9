export {
  Claim,
  type Claimant,
  type Coverage,
  type IdempotencyIndex,
  type IdempotencyIndexes,
  type IndexContents,
  type IndexedStream,
  IndexWriteError,
  NO_COVERAGE,
} from '@ledgerline/idempotency-index';
