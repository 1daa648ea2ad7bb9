import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@ledgerline/testing';
import { startLocalStack, type LocalStack } from './local-stack.js';
import { summaryOf } from './usage-check.js';

let stack: LocalStack;
const copy = mkdtempSync(join(tmpdir(), 'ledgerline-log-'));

beforeAll(async () => {
  stack = await startLocalStack();
}, 120_000);
afterAll(async () => {
  await stack?.dispose();
  rmSync(copy, { recursive: true, force: true });
});

const send = async (from: number, to: number): Promise<void> => {
  const events = Array.from({ length: to - from }, (_, i) => ({ id: `e${from + i}`, customer_id: 'acme', provider: 'openai', model: 'gpt-4', usage: { input_tokens: 10 } }));
  expect((await stack.request('POST', '/v1/events', events)).status).toBe(202);
};
const counted = (events: number): Promise<void> =>
  eventually(async () => expect(await summaryOf(stack, 'acme')).toMatchObject({ event_count: events, input_tokens: events * 10 }), { timeoutMs: 30_000 });

it('a local stack whose broker comes back with older data starts, says what to run, and goes on behind it in the next generation', async () => {
  const log = join(stack.home, 'data/nats/jetstream');
  await send(0, 50);
  await counted(50);
  await stack.stop();
  cpSync(log, join(copy, 'jetstream'), { recursive: true });
  await stack.start();
  await send(50, 80);
  await counted(80);
  await stack.stop();
  rmSync(log, { recursive: true });
  cpSync(join(copy, 'jetstream'), log, { recursive: true });
  // It does not become ready before it is recovered; how long that may take is not the start's business.
  const started = stack.start().catch(() => undefined);
  await eventually(() => expect(stack.terminal).toMatch(/messages are lost. Run `npm run cli -- recover`.*Ledgerline runs/s), { timeoutMs: 90_000 });

  const { code, output } = await stack.cli('recover', '--yes');
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('The services start again with generation 2') });
  expect(stack.file().generation).toBe(2);
  await eventually(() => stack.ready(), { timeoutMs: 120_000 });
  await started;
  await counted(80);
  await send(0, 90);
  await counted(90);
}, 600_000);
