import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArmedFailpoint, armedText, failpoint, FailpointError, parseArmed } from './index.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerline-failpoints-'));
  process.env['LEDGERLINE_FAILPOINTS'] = folder;
});
afterEach(() => {
  delete process.env['LEDGERLINE_FAILPOINTS'];
  rmSync(folder, { recursive: true });
});

const arm = (armed: ArmedFailpoint): void => writeFileSync(join(folder, 'quota.before-commit'), armedText(armed));
const pass = () => failpoint('quota.before-commit');

describe('a failpoint', () => {
  it('does nothing unless it is armed, and only where a folder is named', () => {
    expect(pass()).toBeUndefined();
    arm({ action: 'error' });
    expect(failpoint('quota.after-commit')).toBeUndefined();
    delete process.env['LEDGERLINE_FAILPOINTS'];
    expect(pass()).toBeUndefined();
  });

  it('fails once, then is disarmed', () => {
    arm({ action: 'error' });
    expect(pass).toThrow(FailpointError);
    expect(existsSync(join(folder, 'quota.before-commit'))).toBe(false);
    expect(pass()).toBeUndefined();
  });

  it('fails with the error of its place, where there is one', () => {
    arm({ action: 'error' });
    expect(() => failpoint('quota.before-commit', () => new RangeError('no answer'))).toThrow(RangeError);
  });

  it('lets as many pass as it is told to', () => {
    arm({ action: 'error', skip: 2 });
    expect([pass(), pass()]).toEqual([undefined, undefined]);
    expect(pass).toThrow(FailpointError);
  });

  it('can hold up who passes', async () => {
    arm({ action: 'delay', ms: 1 });
    await expect(pass()).resolves.toBeUndefined();
  });

  it('refuses to be armed with what it does not know', () => {
    for (const text of ['{"action":"explode"}', '{}', '{"action":"delay","ms":-1}', '{"action":"crash","skip":-1}']) expect(() => parseArmed(text)).toThrow(RangeError);
  });
});
