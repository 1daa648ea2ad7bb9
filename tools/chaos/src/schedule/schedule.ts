import { FAULT_KINDS, type FaultKind, kindTerms } from './fault-kinds.js';
import { Deck, randomNumbers } from './random-numbers.js';

/** One thing done to the stack. */
export interface Fault {
  /** Load without a fault before it, milliseconds. */
  readonly quietMs: number;
  readonly kind: FaultKind;
  /** One, or two at once. */
  readonly targets: readonly string[];
  /** How long it lasts, milliseconds; 0: it is over at once, or when it has run its course. */
  readonly holdMs: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  /** Longest that a fault lasts, milliseconds. */
  readonly maxHoldMs: number;
  /** Each kind once in a pass, however often it comes otherwise. */
  readonly each?: boolean;
  /** Only these. */
  readonly kinds?: readonly FaultKind[];
}

const ALL_KINDS = Object.keys(FAULT_KINDS) as FaultKind[];
const PAIR_SHARE = 0.3;
const LEAST_QUIET_MS = 500;
const MOST_QUIET_MS = 3_000;

/** Faults without end. The same seed gives the same faults; every kind, and every target of a kind, comes up before any comes up again. */
export function* schedule({ seed, maxHoldMs, each = false, kinds = ALL_KINDS }: ScheduleOptions): Generator<Fault, never> {
  const random = randomNumbers(seed);
  const deck = new Deck(kinds.flatMap((kind) => new Array<FaultKind>(each ? 1 : kindTerms(kind).times).fill(kind)), random);
  const targets = new Map(kinds.map((kind) => [kind, new Deck(kindTerms(kind).targets, random)]));
  const between = (least: number, most: number): number => Math.round(least + random() * Math.max(0, most - least));
  for (;;) {
    const kind = deck.next();
    const { pairs = false, holdMs } = kindTerms(kind);
    const first = targets.get(kind)!.next();
    const second = pairs && random() < PAIR_SHARE ? [targets.get(kind)!.nextBut(first)] : [];
    yield {
      quietMs: between(LEAST_QUIET_MS, MOST_QUIET_MS),
      kind,
      targets: [first, ...second],
      holdMs: holdMs ? between(holdMs[0], Math.min(holdMs[1], maxHoldMs)) : 0,
    };
  }
}

/** A fault in words: `freeze quota + nats for 7.2 s`. */
export function faultText({ kind, targets, holdMs }: Fault): string {
  return `${kind} ${targets.join(' + ')}${holdMs > 0 ? ` for ${(holdMs / 1000).toFixed(1)} s` : ''}`;
}
