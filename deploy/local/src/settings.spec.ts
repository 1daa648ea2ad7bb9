import { describe, expect, it } from '@jest/globals';
import { portVariable } from './parts.js';
import { readSettings } from './settings.js';

describe('the settings of the local stack', () => {
  it('names the variable that is not a port', () => {
    expect(() => readSettings({ LEDGERLINE_READ_API_PORT: 'eighty' })).toThrow('LEDGERLINE_READ_API_PORT is "eighty"');
  });

  it('names both variables that say one port', () => {
    expect(() => readSettings({ LEDGERLINE_PORT: '9000', LEDGERLINE_NATS_PORT: '9000' })).toThrow('LEDGERLINE_PORT and LEDGERLINE_NATS_PORT both say 9000');
  });

  it('treats an empty variable as one that is not set', () => {
    expect(readSettings({ LEDGERLINE_PORT: '', LEDGERLINE_ADMIN_KEY: '' })).toMatchObject({ ports: { edge: 8080 }, adminKey: undefined });
  });

  it('refuses an admin key that could not be sent in a header, without repeating it', () => {
    expect(() => readSettings({ LEDGERLINE_ADMIN_KEY: 'a key' })).toThrow(/^LEDGERLINE_ADMIN_KEY: expected 8 to 256/);
  });

  it('has a variable for every port', () => {
    expect([portVariable('edge'), portVariable('read-api'), portVariable('clickhouse-tcp')]).toEqual(['LEDGERLINE_PORT', 'LEDGERLINE_READ_API_PORT', 'LEDGERLINE_CLICKHOUSE_TCP_PORT']);
  });

  it('takes the ports that services reach servers on, and names what it cannot use', () => {
    expect(readSettings({ LEDGERLINE_LINKS: '{"pricing": {"nats": 9001}}' }).links).toEqual({ pricing: { nats: 9001 } });
    for (const text of ['{', '{"nobody": {"nats": 1}}', '{"pricing": {"redis": 1}}', '{"pricing": {"nats": "x"}}', '{"pricing": 5}'])
      expect(() => readSettings({ LEDGERLINE_LINKS: text })).toThrow('LEDGERLINE_LINKS is');
  });
});
