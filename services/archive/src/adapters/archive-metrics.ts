import { type Meter } from '@opentelemetry/api';
import { type ArchivedFile, type Trimmed } from '../application/ports.js';

/** What this copy archived and trimmed, for /metrics. */
export class ArchiveMetrics {
  private readonly files;
  private readonly bytes;
  private readonly archived = new Map<number, number>();
  private readonly trimmed = new Map<number, Trimmed>();

  constructor(meter: Meter, problems: () => number) {
    this.files = meter.createCounter('ledgerline_archive_files', { description: 'Files written to the archive' });
    this.bytes = meter.createCounter('ledgerline_archive_bytes', { description: 'Bytes written to the archive', unit: 'By' });
    meter.createObservableGauge('ledgerline_archive_archived_sequence', { description: 'Last PRICED sequence in the archive' }).addCallback((result) => {
      for (const [partition, sequence] of this.archived) result.observe(sequence, { partition });
    });
    meter.createObservableGauge('ledgerline_archive_trimmed_before_sequence', { description: 'First sequence that trimming left in the log' }).addCallback((result) => {
      for (const [partition, { pricedBefore, usageBefore }] of this.trimmed) {
        result.observe(pricedBefore, { partition, kind: 'PRICED' });
        result.observe(usageBefore, { partition, kind: 'USAGE' });
      }
    });
    meter.createObservableGauge('ledgerline_archive_failing_partitions', { description: 'Partitions whose last turn failed' }).addCallback((result) => result.observe(problems()));
  }

  written(file: ArchivedFile): void {
    this.files.add(1);
    this.bytes.add(file.bytes);
  }

  reached(partition: number, archivedSequence: number, trimmed: Trimmed): void {
    this.archived.set(partition, archivedSequence);
    this.trimmed.set(partition, trimmed);
  }
}
