import { Presets, SingleBar } from 'cli-progress';

/** A bar on stderr, so that stdout stays what a script reads. Silent when stderr is no terminal. */
export interface Progress {
  start(total: number): void;
  /** @param total when it is no longer what it was at the start */
  update(value: number, note?: string, total?: number): void;
  stop(): void;
}

/** @param label what is being counted, e.g. `events` */
export function progressBar(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { start: () => undefined, update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    { stream, hideCursor: true, format: `{bar} {percentage}% | {value}/{total} ${label} | {duration_formatted} {note}`, fps: 10 },
    Presets.shades_classic,
  );
  return {
    start: (total) => bar.start(total, 0, { note: '' }),
    update: (value, note = '', total) => {
      if (total !== undefined) bar.setTotal(total);
      bar.update(value, { note });
    },
    stop: () => bar.stop(),
  };
}
