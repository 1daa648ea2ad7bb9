/** What this library needs of its surroundings; the service kit, the lease manager and pino fit without adapting. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Which units this process works on. Epochs grow with every change of owner. */
export interface UnitLeases {
  start(): unknown;
  stop(): unknown;
  onAcquire(callback: (unit: number, epoch: number) => void): unknown;
  onLose(callback: (unit: number) => void): unknown;
  held(): Map<number, number>;
}

export interface ReadinessRegistry {
  register(name: string, check: () => { ok: true } | { ok: false; reason: string }): unknown;
}
