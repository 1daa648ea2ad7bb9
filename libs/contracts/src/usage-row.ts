import { QUANTITY_COUNT } from './quantities.js';

/**
 * One event on its way into an envelope, meant to be filled again and again: a fresh object for each of
 * 50,000 events a second is work for the garbage collector and nothing else.
 *
 * Texts: '' is absent. The same units as UsageColumns.
 */
export class UsageRow {
  id = '';
  source = '';
  customer = '';
  project = '';
  user = '';
  provider = '';
  model = '';
  operation = '';
  endpoint = '';
  serviceTier = '';
  errorCode = '';
  apiKey = '';
  tags = '';
  clientCost = '';
  /** 0 customer, 1 system. */
  context = 0;
  /** 0 ok, 1 error. */
  status = 0;
  /** 1: part of a declared backfill. */
  backfill = 0;
  occurredAtUs = 0;
  latencyMs = -1;
  transactionId = '';
  requestMetadata = '';
  responseMetadata = '';
  /** Bit i: quantity i is present. */
  usageMask = 0;
  /** Amounts of whole-number quantities, valid where the mask says so. */
  readonly counts = new Float64Array(QUANTITY_COUNT);
  /** Amounts of decimal quantities in 1e-9, valid where the mask says so. */
  readonly nanos = new BigInt64Array(QUANTITY_COUNT);
}
