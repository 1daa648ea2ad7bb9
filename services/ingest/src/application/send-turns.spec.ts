import { expect, it, jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { SendTurns } from './send-turns.js';

it('arranges one turn for all who ask, however often each of them does', async () => {
  const arranged = jest.spyOn(globalThis, 'setImmediate');
  const turns = new SendTurns(0);
  const senders = [{ takeTurn: jest.fn() }, { takeTurn: jest.fn() }];
  for (const sender of [senders[0]!, senders[0]!, senders[1]!, senders[0]!]) turns.request(sender);
  expect(arranged).toHaveBeenCalledTimes(1);
  arranged.mockRestore();
  await turn();
  for (const { takeTurn } of senders) expect(takeTurn).toHaveBeenCalledTimes(1);
  turns.request(senders[1]!);
  await turn();
  expect(senders.map(({ takeTurn }) => takeTurn.mock.calls.length)).toEqual([1, 2]);
});
