import { type Difference } from './difference.js';
import { type AuditFacts, type PartitionLedger, type StoredPartition, type Totals } from './facts.js';
import { noQuotaNumbers, QUOTA_SUMS, quotaText } from './quota-sums.js';
import { noRowHash } from './row-hash.js';
import { NAMED_SUMS, noLedgerSums, noSums, type Sums } from './sums.js';
import { describeKey } from './usage-key.js';

/**
 * Compares what the log says with what every projection says. Pure: the same facts give the same differences,
 * in a fixed order, the most telling one first. None: the books agree to the last digit.
 */
export function* compareAudit(facts: AuditFacts): Generator<Difference> {
  for (const ledger of facts.ledgers) yield* compareOutcomes(ledger);
  for (const ledger of facts.ledgers) yield* compareStored(ledger, facts.stored.get(ledger.partition));
  yield* strayPartitions(facts);
  if (!facts.totals) return;
  yield* compareQuota(facts.totals);
  yield* compareSummaries(facts.totals);
}

function* compareOutcomes(ledger: PartitionLedger): Generator<Difference> {
  const decided = ledger.outcomes.reduce((sum, count) => sum + count, 0n);
  yield* numbers('Outcomes of USAGE in PRICED', `partition ${ledger.partition}`, [['event_count', ledger.usageEvents + ledger.corrections, decided]]);
}

function* compareStored(ledger: PartitionLedger, stored: StoredPartition | undefined): Generator<Difference> {
  const what = 'ClickHouse rows';
  const where = `partition ${ledger.partition}, USAGE sequences ${ledger.sourceAfter + 1} to ${ledger.sourceTo}`;
  const found = stored ?? { sums: noSums(), rows: 0n, originals: 0n, uniqueOriginals: 0n, rowHash: noRowHash };
  yield* compareSums(what, where, ledger.counted, found.sums);
  yield* numbers(what, where, [
    ['row_count', ledger.rows, found.rows],
    ['originals', ledger.originals, found.originals],
    ['unique originals', ledger.originals, found.uniqueOriginals],
    ['first sum of row hashes', ledger.rowHash.first, found.rowHash.first],
    ['second sum of row hashes', ledger.rowHash.second, found.rowHash.second],
  ]);
}

/** Rows of a partition that the log does not have. */
function* strayPartitions({ ledgers, stored }: AuditFacts): Generator<Difference> {
  const known = new Set(ledgers.map(({ partition }) => partition));
  for (const [partition, { rows }] of stored) {
    if (!known.has(partition)) yield* numbers('ClickHouse rows', `partition ${partition}`, [['row_count', 0n, rows]]);
  }
}

const keysOf = (...maps: ReadonlyMap<string, unknown>[]): Set<string> => new Set(maps.flatMap((map) => [...map.keys()]));

function* compareQuota({ ledgerByKey, quotaByKey }: Totals): Generator<Difference> {
  for (const key of keysOf(ledgerByKey, quotaByKey)) {
    const ledger = ledgerByKey.get(key) ?? noLedgerSums();
    const numbers = quotaByKey.get(key) ?? noQuotaNumbers;
    for (const [index, sum] of QUOTA_SUMS.entries()) {
      const [expected, found] = [sum.expected(ledger), numbers[index]!];
      if (expected === found) continue;
      yield { what: 'Quota sums', where: describeKey(key), field: sum.name, expected: quotaText(sum, expected), found: quotaText(sum, found) };
    }
  }
}

function* compareSummaries({ ledgerByKey, summariesByKey }: Totals): Generator<Difference> {
  for (const key of keysOf(ledgerByKey, summariesByKey)) {
    yield* compareSums('Summaries', describeKey(key), ledgerByKey.get(key) ?? noSums(), summariesByKey.get(key) ?? noSums());
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
