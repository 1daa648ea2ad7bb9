import { execFileSync } from 'node:child_process';

/** A copy that keeps owners and modes: where this runs as root, Postgres runs as somebody else. */
export function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}
