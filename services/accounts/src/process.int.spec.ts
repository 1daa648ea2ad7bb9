import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase, freshNats, type FreshNats, startService } from '@ledgerline/testing';
import { connect } from 'node:net';

describe('the process', () => {
  let database: FreshDatabase;
  let nats: FreshNats;

  beforeAll(async () => {
    [database, nats] = await Promise.all([freshDatabase(), freshNats()]);
  });
  afterAll(async () => {
    await nats.stop();
    await database.drop();
  });

  it('a bad environment stops the boot with exit code 1, each variable named and no value shown', async () => {
    const service = await startService('accounts', { DATABASE_URL: '', ADMIN_KEY: 'hunter2', LEASE_TTL_MS: 'soon', NATS_URL: nats.url }, { until: 'spawned' });
    expect(await service.exited).toMatchObject({ code: 1 });
    expect(service.log()).toMatch(/DATABASE_URL is missing: expected postgres:\/\//);
    expect(service.log()).toMatch(/ADMIN_KEY is not valid: expected 8 to 256 printable/);
    expect(service.log()).toMatch(/LEASE_TTL_MS is not valid: expected milliseconds/);
    expect(service.log()).not.toContain('hunter2');
    await service.stop();
  });

  it('SIGTERM ends it with exit code 0 within 8 s, even while a client stalls in the middle of a body', async () => {
    const service = await startService('accounts', { DATABASE_URL: database.url, NATS_URL: nats.url, ADMIN_KEY: 'the-first-admin-key', STREAM_MAX_BYTES: '100000000' });
    const { port, hostname } = new URL(service.url);
    const stalled = connect(Number(port), hostname);
    stalled.on('error', () => undefined);
    await new Promise<void>((resolve) =>
      stalled.write('POST /v1/keys HTTP/1.1\r\nhost: x\r\nx-api-key: the-first-admin-key\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"name"', () => resolve()),
    );
    const started = performance.now();
    service.kill('SIGTERM');
    expect(await service.exited).toMatchObject({ code: 0 });
    expect(performance.now() - started).toBeLessThan(8_000);
    stalled.destroy();
    await service.stop();
  });
});
