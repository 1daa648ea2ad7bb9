import { describe, expect, it } from '@jest/globals';
import { type ApiClient } from '../connection/api-client.js';
import { CliError, ExitCode } from '../exit.js';
import { run } from '../program.js';
import { processContext } from './context.js';

const ID = '00112233-4455-6677-8899-aabbccddeeff';

/** Runs a command line whose API answers as told; gives back what it asked, said and ended in. */
async function cli(answer: (method: string, path: string) => unknown, ...args: string[]) {
  const asked: { method: string; path: string; body: unknown }[] = [];
  let output = '';
  const say = (text: string): void => void (output += `${text}\n`);
  const call = async (method: string, path: string, body?: unknown) => {
    asked.push({ method, path, body: body === undefined ? undefined : (JSON.parse(JSON.stringify(body)) as unknown) });
    return answer(method, path);
  };
  const context = { ...processContext({ LEDGERLINE_HOME: '/nonexistent' }), api: () => ({ call }) as unknown as ApiClient, print: say, complain: say };
  const code = await run(args, context);
  return { code, output, asked };
}

/** The API of a correction that became what `entry` says. */
const answering = (entry: object, correctionId = 'c-1') => (method: string) => (method === 'POST' ? { usage_id: ID, correction_id: correctionId, status: 'accepted' } : { data: [{ kind: 'recorded' }, { correction_id: correctionId, ...entry }] });
const applied = answering({ outcome: 'applied', cost_change_usd: '-0.5' });

describe('corrections', () => {
  it.each([
    ['adjust', ['--usage', 'input_tokens=1500, seconds=0.5', '--cost-usd', '0.25', '--status', 'error'], { kind: 'adjust', usage: { input_tokens: 1500, seconds: '0.5' }, cost_usd: '0.25', status: 'error' }],
    ['adjust', ['--status', 'ok'], { kind: 'adjust', status: 'ok' }],
    ['refund', [], { kind: 'refund', cost_usd: '0' }],
    ['refund', ['--cost-usd', '1.000000000001'], { kind: 'refund', cost_usd: '1.000000000001' }],
    ['void', ['--replaced-by', 'ffeeddcc-bbaa-9988-7766-554433221100'], { kind: 'void', replaced_by: 'ffeeddcc-bbaa-9988-7766-554433221100' }],
  ])('%s %j sends exactly that, and says what became of it', async (kind, options, target) => {
    const { code, output, asked } = await cli(applied, 'corrections', kind, ID, '--id', 'c-1', '--reason', 'misread', ...options);
    expect(asked).toEqual([
      { method: 'POST', path: `/v1/events/${ID}/corrections`, body: { ...target, id: 'c-1', reason: 'misread' } },
      { method: 'GET', path: `/v1/events/${ID}/history`, body: undefined },
    ]);
    expect([code, output]).toEqual([0, `Correction c-1 of ${ID}: applied, which changes its cost by -0.5 USD.\n`]);
  });

  it('get a new id each unless one is given', async () => {
    const ids = await Promise.all([1, 2].map(async () => ((await cli(applied, 'corrections', 'void', ID, '--reason', 'r')).asked[0]!.body as { id: string }).id));
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('end with 1 and the reason when refused', async () => {
    const refused = answering({ outcome: 'refused', because: { code: 'already_void', detail: 'It was voided before.' } });
    expect(await cli(refused, 'corrections', 'refund', ID, '--id', 'c-1', '--reason', 'r')).toMatchObject({ code: 1, output: expect.stringContaining('It was refused: already_void: It was voided before.') });
  });

  it('are accepted also when their outcome cannot be read', async () => {
    const busy = (method: string) => {
      if (method === 'GET') throw new CliError('503 Not visible yet.');
      return { usage_id: ID, correction_id: 'c-1', status: 'accepted' };
    };
    expect(await cli(busy, 'corrections', 'void', ID, '--id', 'c-1', '--reason', 'r')).toMatchObject({ code: 0, output: expect.stringMatching(/503 Not visible yet\.\nCorrection c-1 of .*: accepted\./) });
  });

  it('name the id to send again when nobody answered', async () => {
    const away = () => {
      throw new CliError('It does not answer.', ExitCode.couldNotRun);
    };
    const { code, output, asked } = await cli(away, 'corrections', 'void', ID, '--reason', 'r');
    expect(code).toBe(2);
    expect(output).toContain(`--id ${(asked[0]!.body as { id: string }).id}`);
  });

  it.each([
    [['adjust', ID, '--reason', 'r']],
    [['adjust', ID, '--reason', 'r', '--usage', 'tokens=1']],
    [['adjust', ID, '--reason', 'r', '--usage', 'input_tokens=1.5']],
    [['adjust', ID, '--reason', 'r', '--usage', 'input_tokens=9007199254740992']],
    [['adjust', ID, '--reason', 'r', '--usage', 'seconds=0.0000000001']],
    [['adjust', ID, '--reason', 'r', '--cost-usd', '-1']],
    [['refund', ID, '--reason', 'r', '--cost-usd', '1e3']],
    [['void', ID]],
  ])('%j ends with 2 and sends nothing', async (args) => {
    expect(await cli(applied, 'corrections', ...args)).toMatchObject({ code: 2, asked: [] });
  });
});

describe('credits', () => {
  it('create sends the credit with the id it was given, which it asks for', async () => {
    const options = ['--customer', 'acme', '--amount-usd', '12.5', '--reason', 'January', '--occurred-at', '2026-01-31T12:00:00Z', '--provider', 'openai'];
    const { code, asked, output } = await cli(() => ({ usage_id: ID, correction_id: 'k-1', status: 'accepted' }), 'credits', 'create', '--id', 'k-1', ...options);
    expect(asked).toEqual([{ method: 'POST', path: '/v1/credits', body: { customer_id: 'acme', id: 'k-1', amount_usd: '12.5', reason: 'January', occurred_at: '2026-01-31T12:00:00Z', provider: 'openai' } }]);
    expect([code, output]).toEqual([0, expect.stringContaining(ID)]);
    expect(await cli(() => ({}), 'credits', 'create', ...options)).toMatchObject({ code: 2, asked: [] });
  });
});
