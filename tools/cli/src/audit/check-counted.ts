import { partitionOf, type UsageColumns, usageIdText } from '@ledgerline/contracts';
import { writeUsageId } from '@ledgerline/domain-metering';
import { type SipKey } from '@ledgerline/kernel';
import { must } from './difference.js';

const usageId = new Uint8Array(16);

/**
 * A row that counts carries the usage_id of its identity and lies in the partition that this names; elsewhere it could count twice.
 *
 * @param counts whether a row counts
 * @throws Contradiction
 */
export function checkCounted(
  columns: UsageColumns,
  { partition, partitions, key }: { partition: number; partitions: number; key?: SipKey },
  counts: (row: number) => boolean,
  where: string,
): void {
  for (let row = 0; row < columns.count; row++) {
    if (!counts(row)) continue;
    const named = partitionOf(columns.usageIds, row * 16, partitions);
    if (named !== partition) must('Counted event', `${where} ${row}`, 'partition', named, partition);
    if (key) checkUsageId(key, columns, row, where);
  }
}

function checkUsageId(key: SipKey, { dictionary, customer, source, ids, usageIds }: UsageColumns, row: number, where: string): void {
  writeUsageId(key, dictionary[customer[row]!]!, dictionary[source[row]!]!, ids[row]!, usageId);
  for (let byte = 0; byte < 16; byte++) {
    if (usageId[byte] === usageIds[row * 16 + byte]) continue;
    must('Counted event', `${where} ${row}`, 'usage_id', usageIdText(usageId), usageIdText(usageIds, row * 16));
  }
}
