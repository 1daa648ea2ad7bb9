import { describe, expect, it } from '@jest/globals';
import { commandsOf, curlRequest, splitCommands } from './shell-commands.js';

describe('commands of a page', () => {
  it('are split as a shell splits them', () => {
    expect(splitCommands(`curl -H "A: $KEY" \\\n  -d '{"a": "$KEY"}'   # why\n# a note\nnpm run x -- y`, { KEY: 'k' })).toEqual([['curl', '-H', 'A: k', '-d', '{"a": "$KEY"}'], ['npm', 'run', 'x', '--', 'y']]);
    expect(splitCommands('curl "u" \\ -H "a: b"')).toEqual([['curl', 'u', '-H', 'a: b']]);
    expect(() => splitCommands('echo "$NOBODY"')).toThrow('$NOBODY is not set');
    expect(() => splitCommands('echo "open')).toThrow('not closed');
  });

  it('are those of its sh blocks', () => {
    expect(commandsOf('text\n\n```sh\na b\n```\n\n```json\n{}\n```\n1. x\n\n   ```sh\n   c\n   ```\n', {})).toEqual([['a', 'b'], ['c']]);
  });

  it('become the request that curl would send', () => {
    expect(curlRequest(['curl', '-s', 'http://h/x', '-H', 'A: b:c'])).toEqual({ method: 'GET', url: 'http://h/x', headers: { a: 'b:c' }, body: null });
    expect(curlRequest(['curl', '-X', 'PUT', 'http://h', '-d', '{}'])).toMatchObject({ method: 'PUT', body: '{}' });
    expect(curlRequest(['curl', 'http://h', '-d', '{}'])).toMatchObject({ method: 'POST' });
    expect(() => curlRequest(['curl', '--resolve', 'x'])).toThrow('--resolve');
  });
});
