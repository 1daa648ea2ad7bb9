import { describe, expect, it } from '@jest/globals';
import { type Command } from 'commander';
import { processContext } from './commands/context.js';
import { buildProgram, run } from './program.js';

const said: string[] = [];
const context = { ...processContext({ LEDGERLINE_HOME: '/nonexistent' }), print: (text: string) => void said.push(text), complain: (text: string) => void said.push(text) };

const commandsOf = (command: Command, path: string[] = []): { path: string[]; command: Command }[] =>
  command.commands.flatMap((child) => [{ path: [...path, child.name()], command: child }, ...commandsOf(child, [...path, child.name()])]);

describe('the command line', () => {
  it('says of every command, argument and option what it is', () => {
    for (const { path, command } of commandsOf(buildProgram(context))) {
      expect([path, command.description()]).toEqual([path, expect.stringMatching(/\S/)]);
      for (const option of command.options) expect([path, option.flags, option.description]).toEqual([path, option.flags, expect.stringMatching(/\S/)]);
      for (const argument of command.registeredArguments) expect(argument.description).toMatch(/\S/);
    }
  });

  it('answers --help everywhere without a key, a stack or an error', async () => {
    for (const { path } of commandsOf(buildProgram(context))) {
      expect([path, await run([...path, '--help'], context)]).toEqual([path, 0]);
      expect(said.splice(0).join('\n')).toContain(`Usage: ledgerline ${path.join(' ')}`);
    }
    expect(await run(['--help'], context)).toBe(0);
    expect(said.splice(0).join('\n')).toContain('LEDGERLINE_ADMIN_KEY');
  });

  it('ends with 2 when it has no key, and with 2 when it is used wrongly', async () => {
    expect(await run(['keys', 'list'], context)).toBe(2);
    expect(await run(['quotas', 'set', '--customer', 'c', '--metric', 'tokens', '--limit', '-1'], context)).toBe(2);
    expect(await run(['import', 'azure-llm-trace', 'f', '--customer', 'c', '--provider', 'p', '--model', 'm', '--batch', '10001'], context)).toBe(2);
    expect(await run(['nonsense'], context)).toBe(2);
  });
});
