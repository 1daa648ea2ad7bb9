import { afterAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiTransport } from '../connection/api-client.js';
import { importTrace, type ImportOptions } from './import-trace.js';

const folder = mkdtempSync(join(tmpdir(), 'trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = (lines: string[], end = '\r\n'): string => {
  const path = join(folder, `${Math.random()}.csv`);
  writeFileSync(path, ['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines].join(end));
  return path;
};

interface Sent {
  id: string;
  source: string;
  occurred_at: string;
  usage: { input_tokens: number; output_tokens: number };
}

const recorder = (refuse: (event: Sent) => boolean = () => false): ApiTransport & { events: Sent[]; sizes: number[] } => {
  const events: Sent[] = [];
  const sizes: number[] = [];
  return {
    events,
    sizes,
    send: async (_method, _path, body) => {
      const batch = JSON.parse(body!) as Sent[];
      sizes.push(batch.length);
      events.push(...batch);
      return { status: 207, body: { results: batch.flatMap((event, index) => (refuse(event) ? [{ index, status: 'rejected', field: 'model', reason: 'unknown' }] : [])) } };
    },
  };
};

const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({ batch: 2, giveUpMs: 1000, nowMs: () => 0, sleepMs: async () => undefined, ...more });
const subject = { customer: 'acme', provider: 'openai', model: 'gpt-4' };
const rows = ['2023-11-16 18:17:03.9799600,4808,10', '2023-11-16 18:17:04.0319600,3180,8', '2023-11-16 19:14:19.9280160,549,173'];

describe('importing a trace', () => {
  it('names each event by the digest of the bytes and the line, so that a second import names the same events', async () => {
    const path = trace(rows);
    const digest = createHash('sha256').update(['TIMESTAMP,ContextTokens,GeneratedTokens', ...rows].join('\r\n')).digest('hex');
    const [first, second] = [recorder(), recorder()];
    await importTrace(path, subject, first, options());
    await importTrace(path, subject, second, options({ batch: 1 }));
    expect(first.events.map(({ id, source }) => `${source}#${id}`)).toEqual(['2', '3', '4'].map((line) => `import:azure-llm-trace:${digest.slice(0, 32)}#${line}`));
    expect(second.events).toEqual(first.events);
  });

  it('sends the last line though no newline ends it, and sums tokens exactly', async () => {
    const summary = await importTrace(trace(rows, '\n'), subject, recorder(), options());
    expect(summary.accepted).toEqual({ rows: 3, inputTokens: 8537n, outputTokens: 191n });
    expect(summary.survey).toMatchObject(summary.accepted);
  });

  it('sends nothing at all when a line is malformed', async () => {
    const api = recorder();
    await expect(importTrace(trace([...rows, '2023-11-16 19:14:19.9280160,x,173']), subject, api, options())).rejects.toThrow('line 5, column 2 (ContextTokens)');
    expect(api.events).toEqual([]);
  });

  it('tells refused rows by their line and keeps them out of the accepted sums', async () => {
    const summary = await importTrace(trace(rows), subject, recorder((event) => event.usage.input_tokens === 549), options());
    expect(summary.accepted).toEqual({ rows: 2, inputTokens: 7988n, outputTokens: 18n });
    expect(summary.rejected).toEqual({ rows: 1, inputTokens: 549n, outputTokens: 173n });
    expect(summary.refusals).toEqual([{ line: 4, field: 'model', reason: 'unknown' }]);
  });

  it('never sends more than the rate allows', async () => {
    let now = 0;
    let ahead = 0;
    const api = recorder();
    const many = Array.from({ length: 200 }, () => rows[0]!);
    const send = api.send.bind(api);
    api.send = async (...request) => {
      const answer = await send(...request);
      ahead = Math.max(ahead, api.events.length - (now / 1000) * 50);
      return answer;
    };
    await importTrace(trace(many), subject, api, options({ batch: 500, rate: 50, nowMs: () => now, sleepMs: async (ms) => void (now += ms) }));
    expect(api.events).toHaveLength(200);
    expect(ahead).toBeCloseTo(5);
    expect(now).toBeCloseTo(3900);
  });
});
