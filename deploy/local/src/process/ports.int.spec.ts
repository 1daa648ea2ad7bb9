import { describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { freePorts } from './ports.js';

describe('free ports', () => {
  it('are given to one caller only, though nothing listens on them yet', async () => {
    const ports = (await Promise.all(Array.from({ length: 20 }, () => freePorts(10)))).flat();
    expect(new Set(ports).size).toBe(200);
  });

  it('lie where no outgoing connection is given one', async () => {
    for (const port of await freePorts(50)) expect(port).toBeLessThan(32_768);
  });

  it('leave out a port that somebody listens on', async () => {
    const [port] = (await freePorts(1)) as [number];
    const server = await new Promise<Server>((resolve) => {
      const listening = createServer().listen(port, '127.0.0.1', () => resolve(listening));
    });
    expect(await freePorts(100)).not.toContain(port);
    await new Promise((resolve) => server.close(resolve));
  });
});
