import { describe, expect, it } from '@jest/globals';
import { type AuditReport } from '../run-audit.js';
import { watchAudit } from './watch-audit.js';

const report = { differences: [], ledgers: [] } as unknown as AuditReport;

describe('auditing again and again', () => {
  it('goes on after a run that could not take place, and gives back the last that did', async () => {
    const stopping = new AbortController();
    let runs = 0;
    const said: string[] = [];
    const last = await watchAudit({
      everyMs: 0,
      audit: () => {
        if (++runs === 2) return Promise.reject(new Error('NATS is away'));
        return Promise.resolve({ ...report, lag: runs });
      },
      onRun: (run) => {
        said.push(`ran ${run.report.lag}`);
        if (runs === 3) stopping.abort();
      },
      onFailure: (error) => said.push(error.message),
      signal: stopping.signal,
      nowMs: () => runs,
    });
    expect(said).toEqual(['ran 1', 'NATS is away', 'ran 3']);
    expect(last?.report.lag).toBe(3);
  });

  it('ends at once when it is told to while it rests', async () => {
    const stopping = new AbortController();
    const ended = watchAudit({ everyMs: 3_600_000, audit: () => Promise.resolve(report), onRun: () => setImmediate(() => stopping.abort()), onFailure: () => undefined, signal: stopping.signal, nowMs: () => 7 });
    expect(await ended).toEqual({ report, endedAtMs: 7, tookMs: 0 });
  });
});
