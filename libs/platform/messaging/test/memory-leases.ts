import { type UnitLeases } from '../src/ports.js';

/** Leases that a test hands out and takes away. */
export class MemoryLeases implements UnitLeases {
  private readonly epochs = new Map<number, number>();
  private readonly acquired: ((unit: number, epoch: number) => void)[] = [];
  private readonly lost: ((unit: number) => void)[] = [];
  stopped = false;

  constructor(...units: number[]) {
    for (const unit of units) this.epochs.set(unit, 1);
  }

  start(): void {}

  stop(): void {
    this.stopped = true;
  }

  onAcquire(callback: (unit: number, epoch: number) => void): void {
    this.acquired.push(callback);
  }

  onLose(callback: (unit: number) => void): void {
    this.lost.push(callback);
  }

  held(): Map<number, number> {
    return new Map(this.epochs);
  }

  give(unit: number, epoch: number): void {
    this.epochs.set(unit, epoch);
    for (const callback of this.acquired) callback(unit, epoch);
  }

  take(unit: number): void {
    this.epochs.delete(unit);
    for (const callback of this.lost) callback(unit);
  }
}
