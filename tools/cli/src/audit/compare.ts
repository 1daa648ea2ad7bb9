import { type Difference } from './difference.js';
import { type AuditFacts, type PartitionLedger, type StoredPartition, type SumsByKey } from './facts.js';
import { NAMED_SUMS, noSums, type Sums } from './sums.js';
import { describeKey } from './usage-key.js';

/**
 * Compares what the log says with what every projection says. Pure: the same facts give the same differences,
 * in a fixed order, the most telling one first. None: the books agree to the last digit.
 */
export function* compareAudit(facts: AuditFacts): Generator<Difference> {
  for (const ledger of facts.ledgers) yield* compareOutcomes(ledger);
  for (const ledger of facts.ledgers) yield* compareStored(ledger, facts.stored.get(ledger.partition));
  yield* strayPartitions(facts);
  yield* compareKeys('Quota sums', facts.ledgerByKey, facts.quotaByKey);
  yield* compareKeys('Summaries', facts.ledgerByKey, facts.summariesByKey);
}

function* compareOutcomes(ledger: PartitionLedger): Generator<Difference> {
  const decided = ledger.outcomes.reduce((sum, count) => sum + count, 0n);
  yield* numbers('Outcomes of USAGE events in PRICED', `partition ${ledger.partition}`, [['event_count', ledger.usageEvents, decided]]);
}

function* compareStored(ledger: PartitionLedger, stored: StoredPartition | undefined): Generator<Difference> {
  const what = 'ClickHouse rows';
  const where = `partition ${ledger.partition} up to USAGE sequence ${ledger.sourceTo}`;
  const found = stored ?? { sums: noSums(), idHash: { high: 0n, low: 0n }, uniqueIds: 0n };
  yield* compareSums(what, where, ledger.counted, found.sums);
  yield* numbers(what, where, [
    ['unique usage_ids', ledger.counted.events, found.uniqueIds],
    ['sum of usage_id high halves', ledger.idHash.high, found.idHash.high],
    ['sum of usage_id low halves', ledger.idHash.low, found.idHash.low],
  ]);
}

/** Rows of a partition that the log does not have. */
function* strayPartitions({ ledgers, stored }: AuditFacts): Generator<Difference> {
  const known = new Set(ledgers.map(({ partition }) => partition));
  for (const [partition, { sums }] of stored) {
    if (!known.has(partition)) yield* numbers('ClickHouse rows', `partition ${partition}`, [['event_count', 0n, sums.events]]);
  }
}

function* compareKeys(what: string, expected: SumsByKey, found: SumsByKey): Generator<Difference> {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    yield* compareSums(what, describeKey(key), expected.get(key) ?? noSums(), found.get(key) ?? noSums());
  }
}

function* compareSums(what: string, where: string, expected: Sums, found: Sums): Generator<Difference> {
  for (const { name, of, text } of NAMED_SUMS) {
    if (of(expected) !== of(found)) yield { what, where, field: name, expected: text(of(expected)), found: text(of(found)) };
  }
}

function* numbers(what: string, where: string, fields: readonly [string, bigint, bigint][]): Generator<Difference> {
  for (const [field, expected, found] of fields) {
    if (expected !== found) yield { what, where, field, expected: expected.toString(), found: found.toString() };
  }
}
