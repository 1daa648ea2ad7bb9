import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../index.js';

describe('logs', () => {
  it('no secret is written, wherever in an object it stands', () => {
    const lines: string[] = [];
    const logger = createLogger('spec', 'one', 'info', { write: (line: string) => void lines.push(line) });
    logger.info({ key: 'hunter2', req: { headers: { authorization: 'hunter2', 'x-api-key': 'hunter2' } }, config: { ADMIN_KEY: 'hunter2', DATABASE_URL: 'hunter2' } }, 'm');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('hunter2');
    expect(JSON.parse(lines[0]!)).toMatchObject({ service: 'spec', instance: 'one', msg: 'm', key: '[redacted]' });
  });
});
