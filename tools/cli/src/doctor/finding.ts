export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** What one check found, and, unless all is well, what to do about it. */
export interface Finding {
  /** What was looked at, e.g. `NATS`. */
  readonly area: string;
  readonly check: string;
  readonly status: Status;
  readonly found: string;
  /** One sentence; there is one for each finding that is not ok. */
  readonly advice?: string;
}

/** Findings of one area. */
export class Findings {
  readonly list: Finding[] = [];

  constructor(private readonly area: string) {}

  ok(check: string, found: string): void {
    this.list.push({ area: this.area, check, status: 'ok', found });
  }

  warn(check: string, found: string, advice: string): void {
    this.list.push({ area: this.area, check, status: 'warn', found, advice });
  }

  fail(check: string, found: string, advice: string): void {
    this.list.push({ area: this.area, check, status: 'fail', found, advice });
  }

  skip(check: string, found: string, advice: string): void {
    this.list.push({ area: this.area, check, status: 'skipped', found, advice });
  }

  /** Well below `warnAt`, a failure from `failAt` on. */
  level(check: string, value: number, { warnAt, failAt }: { warnAt: number; failAt: number }, found: string, advice: string): void {
    if (value >= failAt) this.fail(check, found, advice);
    else if (value >= warnAt) this.warn(check, found, advice);
    else this.ok(check, found);
  }
}

/** Looks at one area. What it throws becomes a failed check of it. */
export interface AreaCheck {
  readonly area: string;
  readonly run: (findings: Findings) => Promise<void>;
  /** What to do when it cannot be reached at all. */
  readonly unreachable: string;
}

const LIMIT_MS = 15_000;

/** Runs all at once, each for a bounded time. In the order given, whichever ends first. */
export async function examine(checks: readonly AreaCheck[], limitMs = LIMIT_MS): Promise<Finding[]> {
  const all = checks.map(async ({ area, run, unreachable }) => {
    const findings = new Findings(area);
    try {
      await within(limitMs, run(findings));
    } catch (error) {
      findings.fail('reachable', firstLine((error as Error).message || String(error)), unreachable);
    }
    return findings.list;
  });
  return (await Promise.all(all)).flat();
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const firstLine = (text: string): string => text.split('\n')[0]!.slice(0, 200);
