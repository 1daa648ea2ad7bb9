/** What becomes of the next bytes of one direction. */
export type Flow =
  | { readonly kind: 'pass' }
  /** They vanish; the sender does not notice. */
  | { readonly kind: 'swallow' }
  /** They arrive `latencyMs` later, at `bytesPerSecond`. */
  | { readonly kind: 'slow'; readonly latencyMs: number; readonly bytesPerSecond: number }
  /**
   * From the first chunk that `starts` matches on, half of that chunk passes and everything after it waits until the flow changes.
   * `onHeld` is told once.
   */
  | { readonly kind: 'hold'; readonly starts: RegExp; readonly onHeld: () => void };

/** What a link does to its connections. */
export interface LinkBehaviour {
  readonly requests: Flow;
  readonly answers: Flow;
  /** New connections are reset. */
  readonly refuses: boolean;
}

const pass: Flow = { kind: 'pass' };

export const passes: LinkBehaviour = { requests: pass, answers: pass, refuses: false };

/** Nobody gets through. */
export const refuses: LinkBehaviour = { ...passes, refuses: true };

/** Requests arrive and are carried out; no answer comes back. */
export const dropsAnswers: LinkBehaviour = { ...passes, answers: { kind: 'swallow' } };

export function slow(latencyMs: number, bytesPerSecond: number): LinkBehaviour {
  const flow: Flow = { kind: 'slow', latencyMs, bytesPerSecond };
  return { requests: flow, answers: flow, refuses: false };
}

/** The first request that matches stays half sent. */
export function holdsRequest(starts: RegExp, onHeld: () => void): LinkBehaviour {
  return { ...passes, requests: { kind: 'hold', starts, onHeld } };
}
