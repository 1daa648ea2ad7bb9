import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { startSpan, startTelemetry } from './index.js';

describe('span export', () => {
  const received: { path: string; bytes: string }[] = [];
  let collector: Server;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ path: request.url ?? '', bytes: Buffer.concat(chunks).toString('latin1') });
        response.end();
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => collector.close(resolve)));

  it('with an endpoint configured, spans not yet sent are sent before the process ends', async () => {
    const { port } = collector.address() as AddressInfo;
    const telemetry = await startTelemetry({ service: 'spec', instanceId: 'one', otlpEndpoint: `http://127.0.0.1:${port}/`, sampleRatio: 1 });
    expect(telemetry.exporting).toBe(true);
    const parent = startSpan('receive');
    const child = startSpan('store', { parent: parent.traceparent, links: [parent.traceparent!] });
    child.end(new Error('went wrong'));
    parent.end();
    await telemetry.shutdown();
    expect(received.map(({ path }) => path)).toEqual(['/v1/traces']);
    for (const text of ['receive', 'store', 'went wrong', 'spec']) expect(received[0]!.bytes).toContain(text);
  });
});
