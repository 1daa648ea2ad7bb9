import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, loadConfig, serviceConfig } from '../index.js';

const schema = serviceConfig.extend({ USAGE_ID_KEY: z.string('expected 32 hex digits').regex(/^[0-9a-f]{32}$/, 'expected 32 hex digits') });
const good = { PORT: '8081', DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:5432/ledgerline', USAGE_ID_KEY: '0'.repeat(32) };

describe('configuration', () => {
  it('a good environment becomes typed values with the defaults filled in', () => {
    const config = loadConfig(schema, { ...good, PATH: '/bin' });
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 8081, LOG_LEVEL: 'info', NATS_URL: 'nats://127.0.0.1:4222' });
    expect(config).not.toHaveProperty('PATH');
    expect(config.INSTANCE_ID).toMatch(/^[0-9a-f]{12}$/);
  });

  it('every bad variable is named at once, with what was expected', () => {
    const attempt = () => loadConfig(schema, { PORT: 'eighty', DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud' });
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(/PORT is not valid: expected a port number/);
    expect(attempt).toThrow(/DATABASE_URL is not valid: expected postgres:\/\//);
    expect(attempt).toThrow(/LOG_LEVEL is not valid/);
    expect(attempt).toThrow(/USAGE_ID_KEY is missing: expected 32 hex digits/);
  });

  it('an empty variable counts as missing', () => {
    expect(() => loadConfig(schema, { ...good, DATABASE_URL: '' })).toThrow(/DATABASE_URL is missing/);
    expect(loadConfig(schema, { ...good, LOG_LEVEL: '' }).LOG_LEVEL).toBe('info');
  });

  it('no value is part of the message: it may be a secret', () => {
    try {
      loadConfig(schema, { ...good, PORT: '70000', USAGE_ID_KEY: 'hunter2', LOG_LEVEL: 'hunter2', DATABASE_URL: 'hunter2' });
      throw new Error('accepted');
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
      expect((error as ConfigError).problems.map(({ variable }) => variable)).toEqual(['PORT', 'LOG_LEVEL', 'DATABASE_URL', 'USAGE_ID_KEY']);
    }
  });
});
