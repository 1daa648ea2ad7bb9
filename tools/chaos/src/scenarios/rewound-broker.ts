import { eventually, WholeStack } from '@ledgerline/local-stack';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { copyFolder } from '../faults/copy-folder.js';
import { whileDown } from '../faults/while-down.js';
import { type Ledger } from '../load/ledger.js';
import { Load } from '../load/load.js';

/** Who reads streams, and has to stop when one is not the one that it read. */
const READERS = ['pricing', 'aggregation', 'quota', 'alerting'] as const;

export interface RewoundBroker {
  readonly stack: WholeStack;
  /** What was acknowledged, before the copy and after it. */
  readonly ledger: Ledger;
  /** How many events were acknowledged when the copy was taken. */
  readonly copiedAt: number;
  /** What each reader says is wrong, in /readyz. */
  readonly named: Readonly<Record<string, string>>;
}

export interface RewoundBrokerOptions {
  readonly seed: number;
  /** Load before the copy, and again after it, milliseconds. */
  readonly loadMs: number;
  /** Goes on with the stopped stack: recovers it, and compares. */
  readonly afterwards?: (rewound: RewoundBroker) => Promise<void>;
}

/** Events that must be acknowledged after the copy: so much the broker has lost. */
const LEAST_LOST = 500;
const STOPPED_MS = 60_000;
const READY_MS = 120_000;

/**
 * The broker goes back to an older copy of its data, as after a loss of power without the durable profile: acknowledged messages are gone.
 * Resolves when every service that reads its streams has stopped, says so in its readiness, and has logged it.
 *
 * @throws when one of them goes on
 */
export async function rewoundBroker({ seed, loadMs, afterwards }: RewoundBrokerOptions, say: (line: string) => void): Promise<RewoundBroker> {
  const stack = new WholeStack('chaos-rewound');
  const load = new Load(stack, seed);
  const folder = join(stack.dataFolder('nats'), 'jetstream');
  const copy = `${folder}.copy`;
  try {
    await stack.start();
    await load.start();
    await Promise.race([delay(loadMs), load.failed]);
    await load.probe.cross(READY_MS);
    say('the broker is stopped, and its data copied');
    await whileDown(stack, 'nats', () => copyFolder(folder, copy));
    const copiedAt = load.ledger.acknowledged;
    await eventually(() => stack.ready(), { timeoutMs: READY_MS });
    await Promise.race([delay(loadMs), load.failed]);
    await eventually(() => load.ledger.acknowledged >= copiedAt + LEAST_LOST, { timeoutMs: READY_MS });
    await load.finish();
    // Every stream has something that is not in the copy, and every reader has seen it.
    await load.probe.alerted(await load.probe.cross(READY_MS), READY_MS);
    await load.probe.visible(READY_MS);
    say(`the broker is stopped, and put back to the copy: ${load.ledger.acknowledged - copiedAt} acknowledged events are gone from it`);
    await whileDown(stack, 'nats', () => {
      rmSync(folder, { recursive: true });
      copyFolder(copy, folder);
    });
    const named: Record<string, string> = {};
    for (const service of READERS) {
      named[service] = await eventually(() => stopped(stack, service), { timeoutMs: STOPPED_MS, intervalMs: 250 });
      say(`${service}: ${named[service]}`);
    }
    const rewound = { stack, ledger: load.ledger, copiedAt, named };
    await afterwards?.(rewound);
    return rewound;
  } finally {
    load.stop();
    await stack.dispose();
  }
}

/** What a service that has stopped says is wrong. @throws when it has not stopped, or has not logged it */
async function stopped(stack: WholeStack, service: (typeof READERS)[number]): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${stack.file().ports[service]}/readyz`, { headers: { connection: 'close' } });
  const text = await answer.text();
  const reason = /"reason":"([^"]*Consumption stopped[^"]*)"/.exec(text)?.[1];
  if (answer.ok || reason === undefined) throw new Error(`${service} has not stopped: ${answer.status} ${text}`);
  if (!readFileSync(join(stack.home, 'logs', `${service}.log`), 'utf8').includes('consumption stopped')) throw new Error(`${service} has logged nothing of it`);
  return reason;
}
