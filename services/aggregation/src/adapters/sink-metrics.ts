import { type Meter } from '@opentelemetry/api';
import { type Range } from '../application/plan-ranges.js';

/** What the sink did, for /metrics. */
export class SinkMetrics {
  private readonly rows;
  private readonly repeats;
  private readonly seconds;

  constructor(meter: Meter) {
    this.rows = meter.createCounter('ledgerline_sink_rows', { description: 'Rows brought into ClickHouse' });
    this.repeats = meter.createCounter('ledgerline_sink_repeated_inserts', { description: 'Inserts sent again because the first did not write what was expected' });
    this.seconds = meter.createHistogram('ledgerline_sink_range_seconds', {
      description: 'From writing a range down to having it in ClickHouse',
      advice: { explicitBucketBoundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] },
    });
  }

  inserted(range: Range, inserts: number, elapsedMs: number): void {
    this.rows.add(range.rows);
    if (inserts > 1) this.repeats.add(inserts - 1);
    this.seconds.record(elapsedMs / 1000);
  }
}
