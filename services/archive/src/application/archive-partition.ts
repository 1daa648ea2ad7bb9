import { type ArchivedMessage, type ArchiveStore, describeMessage, writeArchive } from '@ledgerline/archive-store';
import { type Clock } from '@ledgerline/kernel';
import { type Checkpoint, messageDigest, type StreamState } from '@ledgerline/messaging';
import { adoptArchive } from './adopt-archive.js';
import { fileOf } from './file-of.js';
import { type ArchivedFile, type ArchiveLedger, type Claim, type PartitionLog } from './ports.js';

export interface ArchiveOptions {
  generation: number;
  store: ArchiveStore;
  ledger: ArchiveLedger;
  log: PartitionLog;
  clock: Clock;
  /** A file is written when so many bytes wait for it, or its first message is so old. */
  maxBytes: number;
  maxAgeMs: number;
  onFile?: (file: ArchivedFile) => void;
}

/**
 * Brings a partition's PRICED into the archive, a file at a time. A file is written first and then named by the checkpoint; one that
 * a crash leaves unnamed holds the same messages as the one that supersedes it.
 */
export class ArchivePartition {
  constructor(private readonly options: ArchiveOptions) {}

  /**
   * @param goOn asked before each file
   * @returns the checkpoint now reached, undefined while nothing was archived
   * @throws PositionLostError, LeaseLostError
   */
  async execute(claim: Claim, goOn: () => boolean): Promise<Checkpoint | undefined> {
    const { ledger, log } = this.options;
    let checkpoint = (await ledger.load(claim.partition))?.checkpoint ?? (await adoptArchive(this.options, claim));
    const state = await log.open(claim.partition, checkpoint);
    while (goOn() && (await this.due(claim.partition, checkpoint?.sequence ?? 0, state))) {
      const messages = await this.gather(claim.partition, (checkpoint?.sequence ?? 0) + 1, state.lastSequence);
      checkpoint = await this.archive(claim, messages, state);
    }
    return checkpoint;
  }

  /** Whether enough waits for a file. The size is judged by the mean of the stream, so that nothing has to be read to know. */
  private async due(partition: number, archived: number, state: StreamState): Promise<boolean> {
    const waiting = state.lastSequence - archived;
    if (waiting <= 0) return false;
    if ((waiting * state.bytes) / Math.max(1, state.messages) >= this.options.maxBytes) return true;
    const ageMs = this.options.clock.nowMs() - (await this.options.log.timeOf(partition, archived + 1)) / 1000;
    return ageMs >= this.options.maxAgeMs;
  }

  private async gather(partition: number, from: number, last: number): Promise<ArchivedMessage[]> {
    const messages: ArchivedMessage[] = [];
    let bytes = 0;
    for await (const { sequence, timestampUs, data } of this.options.log.range(partition, from, last)) {
      messages.push(describeMessage(sequence, timestampUs, data));
      bytes += data.length;
      if (bytes >= this.options.maxBytes) break;
    }
    return messages;
  }

  private async archive(claim: Claim, messages: readonly ArchivedMessage[], state: StreamState): Promise<Checkpoint> {
    const { store, generation, ledger, onFile } = this.options;
    const file = fileOf(await writeArchive(store, generation, claim.partition, messages), messages);
    const checkpoint = {
      sequence: file.to,
      streamId: state.streamId,
      messageDigest: messageDigest(messages.at(-1)!.data),
      highestSeen: state.lastSequence,
    };
    await ledger.recordFile(claim, file, checkpoint);
    onFile?.(file);
    return checkpoint;
  }
}
