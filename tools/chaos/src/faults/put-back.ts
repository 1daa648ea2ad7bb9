import { eventually, type ServerName } from '@ledgerline/local-stack';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { copyFolder } from './copy-folder.js';
import { type Inflict } from './stack-under-fire.js';
import { whileDown } from './while-down.js';

const READY_MS = 120_000;

/** A server's data is copied, and put back a while later: what came in between is gone from it, as after a restore from a backup. */
export const inflictPutBack: Inflict = async ({ stack }, { targets, holdMs }) => {
  const server = targets[0] as ServerName;
  const folder = stack.dataFolder(server);
  const copy = `${folder}.copy`;
  try {
    await whileDown(stack, server, () => copyFolder(folder, copy));
    await eventually(() => stack.ready(), { timeoutMs: READY_MS });
    await delay(holdMs);
    const pid = stack.pid(server);
    await whileDown(stack, server, () => {
      rmSync(folder, { recursive: true });
      copyFolder(copy, folder);
    });
    return () => {
      if (stack.pid(server) === pid) throw new Error(`${server} was not started again`);
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};
