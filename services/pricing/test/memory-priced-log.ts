import { type UsageMessage } from '../src/application/decide-run.js';
import { type AppendResult, type LogState, type PricedLog, type PricedMessage } from '../src/application/priced-log.js';

/** A process that asks over a network, and may die in between. */
export interface Asking {
  ask<T>(what: string, carryOut: () => T | Promise<T>): Promise<T>;
}

/** One partition's streams in memory, with what the broker promises of them: contiguous, and an append that expects the last sequence. */
export class MemoryPricedLog {
  readonly messages: PricedMessage[] = [];

  constructor(readonly usage: readonly UsageMessage[]) {}

  /** The log over a network, from a process that may die. */
  asSeenBy(process: Asking): PricedLog {
    const at = (sequence: number): PricedMessage | null => this.messages[sequence - 1] ?? null;
    const { messages, usage } = this;
    return {
      name: 'PRICED',
      state: () => process.ask('state', () => stateOf(messages)),
      usageState: () => process.ask('state of USAGE', () => stateOf(usage)),
      closed: () => Promise.reject(new Error('there is one generation here')),
      last: () => process.ask('last', () => at(messages.length)),
      at: (sequence) => process.ask(`message ${sequence}`, () => at(sequence)),
      async *range(from, to) {
        for (let sequence = from; sequence <= to; sequence++) yield (await process.ask(`message ${sequence}`, () => at(sequence)))!;
      },
      async append(bytes, expected): Promise<AppendResult> {
        // The bytes are the caller's own buffer, which it writes over later.
        const data = bytes.slice();
        try {
          return await process.ask(`append behind ${expected}`, () => {
            if (messages.length !== expected) throw new WrongSequenceError();
            messages.push({ sequence: expected + 1, data });
            return { kind: 'stored' as const, sequence: expected + 1 };
          });
        } catch (error) {
          return { kind: 'unclear', cause: error as Error };
        }
      },
    };
  }
}

class WrongSequenceError extends Error {}

const stateOf = (messages: readonly unknown[]): LogState => ({ streamId: 'once', firstSequence: 1, lastSequence: messages.length });
