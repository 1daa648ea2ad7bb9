import { type IndexCopy } from './index-copy.js';
import { type Manifest } from './manifest.js';
import { type Stop, StoppedError } from './turns.js';

/** Brings the copy up to the newest manifest in the background: one at a time, those in between are skipped. */
export class CopyPublisher {
  private next: Manifest | null = null;
  private publishing: Promise<void> | null = null;

  constructor(
    private readonly copy: IndexCopy,
    private readonly stop: Stop,
    private readonly onWarning: (error: Error) => void,
  ) {}

  publish(manifest: Manifest): void {
    this.next = manifest;
    this.publishing ??= this.run().finally(() => (this.publishing = null));
  }

  /** Ends soon; the copy stays as far as its manifest is. */
  async close(): Promise<void> {
    this.stop.stop();
    this.next = null;
    await this.settled();
  }

  /** Resolves when the copy is as far as it will get without another manifest. */
  async settled(): Promise<void> {
    await this.publishing;
  }

  private async run(): Promise<void> {
    while (this.next !== null) {
      const manifest = this.next;
      this.next = null;
      await this.copy.publish(manifest).catch((error: Error) => {
        // A file that was merged away meanwhile is not in the manifest that is next.
        if (this.next === null && !(error instanceof StoppedError)) this.onWarning(error);
      });
    }
  }
}
