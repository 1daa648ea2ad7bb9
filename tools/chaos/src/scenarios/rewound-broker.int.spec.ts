import { expect, it } from '@jest/globals';
import { rewoundBroker } from './rewound-broker.js';

it('a broker put back to an older copy of its data stops every service that reads it, and each names what is wrong and what to run', async () => {
  const { named, ledger, copiedAt } = await rewoundBroker({ seed: 1, loadMs: 1_000 }, () => undefined);
  expect(ledger.acknowledged).toBeGreaterThan(copiedAt);
  for (const reason of Object.values(named)) expect(reason).toMatch(/^(USAGE|PRICED|QUOTA)\w*: .*(lost acknowledged messages|is gone|is not the one).*recover/);
  expect(Object.keys(named)).toEqual(['pricing', 'aggregation', 'quota', 'alerting']);
}, 400_000);
