import { setTimeout as delay } from 'node:timers/promises';
import { dropsAnswers, type LinkBehaviour, passes, refuses, slow } from '../links/link-behaviour.js';
import { type Inflict } from './stack-under-fire.js';

const SLOW = { latencyMs: 200, bytesPerSecond: 200_000 };

/** Links behave otherwise for a while; then as ever. */
const behaving =
  (behaviour: LinkBehaviour, { cutFirst = false, cutLast = false }): Inflict =>
  async ({ links }, { targets, holdMs }) => {
    const proxies = targets.map((name) => links.get(name));
    for (const proxy of proxies) {
      proxy.behave(behaviour);
      if (cutFirst) proxy.cut();
    }
    try {
      await delay(holdMs);
    } finally {
      for (const proxy of proxies) {
        if (cutLast) proxy.cut();
        proxy.behave(passes);
      }
    }
  };

/** Connections are reset, and refused for a while. */
export const inflictCut = behaving(refuses, { cutFirst: true });

/** What is asked is done, and nobody hears of it; then the connections are reset. */
export const inflictDroppedAnswers = behaving(dropsAnswers, { cutLast: true });

export const inflictSlow = behaving(slow(SLOW.latencyMs, SLOW.bytesPerSecond), {});
