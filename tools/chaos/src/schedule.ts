/** What a round does to its parts: `kill -9`, or SIGSTOP for a while and then SIGCONT. */
export type FaultKind = 'kill' | 'freeze';

export interface Fault {
  /** Load without a fault before it, milliseconds. */
  readonly quietMs: number;
  readonly kind: FaultKind;
  /** One part, or two at once. */
  readonly parts: readonly string[];
  /** How long frozen parts stay frozen, milliseconds; 0 for a kill. */
  readonly holdMs: number;
}

/** Everything of the stack that can die. */
export const PARTS = ['ingest', 'pricing', 'aggregation', 'quota', 'alerting', 'read-api', 'accounts', 'archive', 'edge', 'nats', 'postgres', 'clickhouse'] as const;

export interface ScheduleOptions {
  readonly seed: number;
  /** Longest freeze, milliseconds. */
  readonly maxHoldMs: number;
}

const MIN_HOLD_MS = 5_000;
const PAIR_SHARE = 0.3;
const FREEZE_SHARE = 0.4;

/** Faults without end. The same seed gives the same faults; every part comes up before any comes up again. */
export function* schedule({ seed, maxHoldMs }: ScheduleOptions): Generator<Fault, never> {
  const random = randomNumbers(seed);
  const pick = (below: number): number => Math.floor(random() * below);
  let waiting: string[] = [];
  const nextPart = (): string => {
    if (waiting.length === 0) waiting = [...PARTS];
    return waiting.splice(pick(waiting.length), 1)[0]!;
  };
  for (;;) {
    const kind = random() < FREEZE_SHARE ? 'freeze' : 'kill';
    const first = nextPart();
    const others = PARTS.filter((part) => part !== first);
    const parts = random() < PAIR_SHARE ? [first, others[pick(others.length)]!] : [first];
    const holdMs = kind === 'kill' ? 0 : Math.round(MIN_HOLD_MS + random() * Math.max(0, maxHoldMs - MIN_HOLD_MS));
    yield { quietMs: 500 + pick(2_500), kind, parts, holdMs };
  }
}

/** Numbers from 0 to below 1 that depend on the seed alone (Steele and Vigna's splitmix, 32 bits wide). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
