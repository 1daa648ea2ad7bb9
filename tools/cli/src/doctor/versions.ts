/** `2.9.10`, `18.1 (Debian …)`, `v24.1.0` as numbers. */
export const versionOf = (text: string): number[] => (/\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);

/** Whether a version is at least another; missing places are 0. */
export function atLeast(version: readonly number[], wanted: readonly number[]): boolean {
  for (let place = 0; place < Math.max(version.length, wanted.length); place++) {
    const difference = (version[place] ?? 0) - (wanted[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** NATS: the oldest that works, and those that are well enough tried for production. */
export const NATS_REQUIRED = [2, 9, 10];
export const natsRecommended = (version: readonly number[]): boolean =>
  atLeast(version, [2, 14, 5]) || (atLeast(version, [2, 12, 15]) && !atLeast(version, [2, 13]));
