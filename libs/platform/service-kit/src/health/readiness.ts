/** What a check found; a reason is for an operator and says what to do where that is known. */
export type CheckResult = { ok: true } | { ok: false; reason: string };
export type Check = () => CheckResult | Promise<CheckResult>;

export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, CheckResult>;
}

const CHECK_LIMIT_MS = 2_000;

/** Whether this copy should get work. Each part of a service registers what it knows; all must be well. */
export class Readiness {
  private readonly checks = new Map<string, Check>();
  private draining = false;

  /** Adds a check, or replaces the one of the same name. */
  register(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** From here on never ready: the process is stopping. */
  drain(): void {
    this.draining = true;
  }

  /** Runs every check; one that throws or takes over 2 s has failed. */
  async evaluate(): Promise<ReadinessReport> {
    const results = await Promise.all([...this.checks].map(async ([name, check]) => [name, await settled(check)] as const));
    if (this.draining) results.push(['draining', { ok: false, reason: 'the process is stopping' }]);
    return { ready: results.every(([, result]) => result.ok), checks: Object.fromEntries(results) };
  }
}

async function settled(check: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, reason: `no answer within ${CHECK_LIMIT_MS} ms` }), CHECK_LIMIT_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
