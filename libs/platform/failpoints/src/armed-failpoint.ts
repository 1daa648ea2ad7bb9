/** What a failpoint does the next time that it is passed. It does it once. */
export interface ArmedFailpoint {
  /**
   * - `crash`: the process is killed, at once or `ms` later while it goes on
   * - `error`: the code that passes it fails there
   * - `delay`: the code that passes it goes on `ms` later
   */
  readonly action: 'crash' | 'error' | 'delay';
  readonly ms?: number;
  /** How often it is passed before. */
  readonly skip?: number;
}

/** As it is written into the file that arms it. */
export function armedText(armed: ArmedFailpoint): string {
  return JSON.stringify(armed);
}

/** @throws RangeError when it is none */
export function parseArmed(text: string): ArmedFailpoint {
  const { action, ms = 0, skip = 0 } = JSON.parse(text) as Partial<ArmedFailpoint>;
  if (action !== 'crash' && action !== 'error' && action !== 'delay') throw new RangeError(`a failpoint's action is "${action}": expected crash, error or delay`);
  if (!(ms >= 0) || !(skip >= 0)) throw new RangeError('ms and skip of a failpoint must not be negative');
  return { action, ms, skip };
}
