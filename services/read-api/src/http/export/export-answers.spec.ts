import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@ledgerline/service-kit';
import { ExportAnswers } from './export-answers.js';
import { member } from './export-column.js';

const COLUMNS = [member('name'), member('cost_usd', 'usd'), member('tags', 'json')];
const rowsOf = (...batches: Record<string, unknown>[][]) => async function* () {
  yield* batches;
};
const csv = (answers: ExportAnswers, rows: () => AsyncGenerator<Record<string, unknown>[], void>) => answers.send('list', 'csv', COLUMNS, rows);

describe('a list as a file', () => {
  it('keeps values as they are, quotes what has to be quoted, and leaves the unknown empty', async () => {
    const file = await csv(new ExportAnswers(), rowsOf([{ name: 'a "b", c\r\nd', cost_usd: null }], [{ name: '=1+1', cost_usd: '0', tags: { team: 'x' } }, {}]));
    expect(await text(file.getStream())).toBe('name,cost_usd,tags\r\n"a ""b"", c\r\nd",,\r\n=1+1,0,"{""team"":""x""}"\r\n,,\r\n');
  });

  it('without rows has its names alone', async () => {
    expect(await text((await csv(new ExportAnswers(), rowsOf())).getStream())).toBe('name,cost_usd,tags\r\n');
  });

  it('whose first rows cannot be had is an error, one that fails later breaks off', async () => {
    const answers = new ExportAnswers();
    const failing = (after: number) => async function* () {
      for (let i = 0; i < after; i++) yield [{ name: 'n' }];
      throw new Error('the store is gone');
    };
    await expect(csv(answers, failing(0))).rejects.toThrow('the store is gone');
    const file = await csv(answers, failing(2));
    await expect(text(file.getStream())).rejects.toThrow('the store is gone');
  });

  it('is refused while too many are under way; each that ends, fails or is left makes room', async () => {
    const answers = new ExportAnswers();
    let open = 0;
    const endless = async function* () {
      open += 1;
      try {
        for (;;) yield [{ name: 'n' }];
      } finally {
        open -= 1;
      }
    };
    const files = await Promise.all(Array.from({ length: 4 }, () => csv(answers, endless)));
    const refusal = await csv(answers, endless).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ProblemError);
    expect(refusal).toMatchObject({ status: 503, code: 'busy', headers: { 'retry-after': '5' } });
    for (const file of files) file.getStream().destroy();
    await Promise.all(files.map((file) => new Promise((resolve) => (file.getStream().closed ? resolve(null) : file.getStream().once('close', resolve)))));
    await text((await csv(answers, rowsOf([{}]))).getStream());
    expect(open).toBe(0);
  });
});
