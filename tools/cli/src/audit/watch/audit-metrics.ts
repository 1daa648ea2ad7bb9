import { type Meter } from '@ledgerline/telemetry';
import { type AuditReport } from '../run-audit.js';

/** What a run ended with, and when. */
export interface AuditRun {
  readonly report: AuditReport;
  readonly endedAtMs: number;
  readonly tookMs: number;
}

/** The last audit as gauges. None is there before a run has ended: no value is not 0. */
export class AuditMetrics {
  private last: AuditRun | undefined;
  private exactAtMs: number | undefined;
  private readonly failures;

  constructor(meter: Meter) {
    const gauge = (name: string, description: string, of: () => number | undefined): void => {
      meter.createObservableGauge(`ledgerline_audit_${name}`, { description }).addCallback((result) => {
        const value = of();
        if (value !== undefined) result.observe(value);
      });
    };
    gauge('difference', 'Differences that the last audit found; anything but 0 is an alarm', () => this.last?.report.differences.length);
    gauge('last_run_timestamp_seconds', 'When the last audit ended', () => seconds(this.last?.endedAtMs));
    gauge('last_success_timestamp_seconds', 'When the last audit without a difference ended', () => seconds(this.exactAtMs));
    gauge('duration_seconds', 'How long the last audit took', () => seconds(this.last?.tookMs));
    gauge('events', 'Events that the last audit proved, from the beginning of the log', () => this.last && Number(this.last.report.total.events));
    gauge('corrections', 'Corrections that the last audit proved, from the beginning of the log', () => this.last && Number(this.last.report.total.corrections));
    gauge('lag', 'PRICED messages that were beyond the cut of the last audit', () => this.last?.report.lag);
    this.failures = meter.createCounter('ledgerline_audit_failures', { description: 'Audits that could not run' });
    this.failures.add(0);
  }

  ended(run: AuditRun): void {
    this.last = run;
    if (run.report.differences.length === 0) this.exactAtMs = run.endedAtMs;
  }

  failed(): void {
    this.failures.add(1);
  }
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
