import { QUOTA_SUMS } from '../audit/quota-sums.js';
import { table } from '../output/table.js';
import { type RecoveryFileContent } from './adapters/recovery-file.js';

const GONE_SHOWN = 20;

/** The report for people: what became of each partition, then what is gone. */
export function recoveryText({ closed_generation, open_generation, partitions, lost_items, gone = [] }: RecoveryFileContent): string {
  const rows = partitions.map((one) => [
    one.partition, one.usage_ends_at, one.priced_reaches, one.seen_up_to, one.restored_events, one.carried_messages, one.gone === null ? '' : `${one.gone.from}-${one.gone.to}`,
  ]);
  const shown = gone.slice(0, GONE_SHOWN).map(({ where, numbers }) => [where, ...QUOTA_SUMS.map(({ name }) => numbers[name] ?? 'unknown')]);
  const corrections = lost_items.filter(({ what }) => what === 'correction').length;
  return [
    `Generation ${closed_generation} is closed, generation ${open_generation} is open.`,
    table(['partition', 'USAGE ends at', 'PRICED reaches', 'seen up to', 'events restored', 'messages to price', 'USAGE gone'], rows),
    ...(shown.length > 0 ? ['GONE, as far as it had been counted. Sent again, it counts:', table(['where', ...QUOTA_SUMS.map(({ name }) => name)], shown)] : ['Nothing that had been counted is gone.']),
    ...(gone.length > shown.length ? [`… and ${gone.length - shown.length} more.`] : []),
    ...(lost_items.length > 0 ? [`Not entered again: ${corrections} corrections and ${lost_items.length - corrections} quarantined items, whose messages are gone.`] : []),
    'What was acknowledged and seen by nobody before it was lost cannot be named: producers that are unsure send it again.',
  ].join('\n');
}
