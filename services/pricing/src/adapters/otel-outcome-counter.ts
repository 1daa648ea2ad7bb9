import { OUTCOME_NAMES, type PricedRun } from '@ledgerline/contracts';
import { type Meter } from '@opentelemetry/api';

/** Counts stored outcomes by name, and refused events by code. */
export class OtelOutcomeCounter {
  private readonly outcomes;
  private readonly refused;

  constructor(meter: Meter) {
    this.outcomes = meter.createCounter('ledgerline_pricing_outcomes', { description: 'Events decided, by outcome' });
    this.refused = meter.createCounter('ledgerline_pricing_refused', { description: 'Events not counted, by reason' });
  }

  count(runs: readonly PricedRun[]): void {
    const totals = new Uint32Array(8);
    const codes = new Map<string, number>();
    for (const run of runs) {
      for (let row = 0; row < run.outcomes.length; row++) totals[run.outcomes[row]! & 7]!++;
      for (const { code } of run.reasons) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    for (const [outcome, name] of OUTCOME_NAMES) if (totals[outcome]! > 0) this.outcomes.add(totals[outcome]!, { outcome: name });
    for (const [code, count] of codes) this.refused.add(count, { code });
  }
}
