import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Home } from '../connection/home.js';
import { lagOf } from './checks/services.js';
import { doctorJson, doctorText } from './doctor-report.js';
import { examine, type Finding, Findings } from './finding.js';
import { knownAddresses } from './known-addresses.js';
import { aheadMs } from './skew.js';
import { atLeast, natsRecommended, versionOf } from './versions.js';

describe('doctor', () => {
  it('orders versions by their numbers, not by their text', () => {
    fc.assert(fc.property(fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 }), fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 }), (a, b) => {
      expect(atLeast(a, b) || atLeast(b, a)).toBe(true);
      expect(atLeast([...a, 1], a)).toBe(true);
    }));
    expect(atLeast(versionOf('2.9.10'), versionOf('2.10.27'))).toBe(false);
    expect(versionOf('v24.21.0')).toEqual([24, 21, 0]);
    expect(versionOf('18.1 (Debian 18.1-1)')).toEqual([18, 1]);
    expect(['2.9.10', '2.12.14', '2.12.15', '2.13.9', '2.14.4', '2.14.5', '2.15.1'].filter((text) => natsRecommended(versionOf(text)))).toEqual(['2.12.15', '2.14.5', '2.15.1']);
  });

  it('calls no clock wrong for the time that an answer takes', () => {
    fc.assert(fc.property(fc.nat(), fc.nat({ max: 5_000 }), fc.nat({ max: 5_000 }), (asked, there, back) => expect(aheadMs({ askedMs: asked, theirsMs: asked + there, answeredMs: asked + there + back })).toBe(0)));
    expect(aheadMs({ askedMs: 1_000, answeredMs: 1_010, theirsMs: 4_010 })).toBe(3_000);
    expect(aheadMs({ askedMs: 1_000, answeredMs: 1_010, theirsMs: 0 })).toBe(-1_000);
  });

  it('reports what one area throws or leaves unanswered, and all that the others find', async () => {
    const well = (findings: Findings): Promise<void> => Promise.resolve(findings.ok('reachable', 'here'));
    const found = await examine(
      [
        { area: 'A', unreachable: 'start A', run: () => Promise.reject(new Error('ECONNREFUSED\nstack')) },
        { area: 'B', unreachable: 'start B', run: well },
        { area: 'C', unreachable: 'start C', run: () => new Promise(() => undefined) },
      ],
      20,
    );
    expect(found).toEqual([
      { area: 'A', check: 'reachable', status: 'fail', found: 'ECONNREFUSED', advice: 'start A' },
      { area: 'B', check: 'reachable', status: 'ok', found: 'here' },
      { area: 'C', check: 'reachable', status: 'fail', found: 'no answer within 0.02 s', advice: 'start C' },
    ]);
  });

  it('says for everything that is not ok what to do', () => {
    const findings = new Findings('disk');
    findings.level('one', 0.5, { warnAt: 0.8, failAt: 0.9 }, 'half full', 'free some');
    findings.level('two', 0.8, { warnAt: 0.8, failAt: 0.9 }, 'rather full', 'free some');
    findings.level('three', 0.9, { warnAt: 0.8, failAt: 0.9 }, 'full', 'free some now');
    expect(findings.list.map(({ status }) => status)).toEqual(['ok', 'warn', 'fail']);
    const text = doctorText(findings.list);
    expect(text).toContain('WARN disk, two: free some\nFAIL disk, three: free some now\n1 ok, 1 to look at, 1 wrong.');
    expect(JSON.parse(doctorJson(findings.list)) as { ok: boolean; checks: Finding[] }).toMatchObject({ ok: false, checks: findings.list });
  });

  it('looks at no local server when another stack is named', () => {
    const home = new Home({ LEDGERLINE_HOME: '/nonexistent' });
    expect(knownAddresses(home, { LEDGERLINE_URL: 'https://meter.example/' })).toEqual({
      apiUrl: 'https://meter.example', adminKey: undefined, natsUrl: undefined, natsMonitoringUrl: undefined, databaseUrl: undefined, clickhouseUrl: undefined, generation: undefined, partitions: undefined, servicePorts: {},
    });
  });

  it('adds up the lag of all partitions', () => {
    expect(lagOf('# HELP x\nledgerline_consumer_lag_messages{kind="PRICED",partition="0"} 3\nledgerline_consumer_lag_messages{kind="PRICED",partition="1"} 4\n')).toBe(7);
    expect(lagOf('process_cpu_seconds_total 1\n')).toBeUndefined();
  });
});
