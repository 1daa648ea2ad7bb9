/**
 * Children of this process that must not outlive it, however it ends.
 *
 * A handler cannot run when this process is killed with SIGKILL, so a POSIX shell in a process group
 * of its own holds the read end of a pipe that only this process writes to. The kernel closes the
 * pipe when this process dies; the shell then ends every child it was told about and has not been
 * told to forget. One shell (about 1 MB) serves all children, and it works on every POSIX platform.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

const KEEPER = `
guarded=" "
while read -r verb pid signal; do
  case "$verb" in
    hold) guarded="$guarded$signal:$pid " ;;
    forget) guarded=$(printf '%s' "$guarded" | sed "s/ [A-Z]*:$pid / /") ;;
  esac
done
for entry in $guarded; do kill -s "\${entry%%:*}" "\${entry#*:}" 2>/dev/null; done
tries=0
while [ $tries -lt 40 ]; do
  alive=""
  for entry in $guarded; do kill -0 "\${entry#*:}" 2>/dev/null && alive="$alive \${entry#*:}"; done
  [ -z "$alive" ] && exit 0
  sleep 0.2
  tries=$((tries + 1))
done
kill -s KILL $alive 2>/dev/null
`;

let keeper: ChildProcess | undefined;

function tell(line: string): void {
  if (!keeper) {
    keeper = spawn('/bin/sh', ['-c', KEEPER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    keeper.unref();
    (keeper.stdin as unknown as { unref(): void }).unref();
    keeper.stdin?.on('error', () => undefined);
  }
  (keeper.stdin as Writable).write(`${line}\n`);
}

/** From now on `pid` gets `signal` (and SIGKILL 8 s later) when this process dies. */
export function holdLifeline(pid: number, signal: NodeJS.Signals): void {
  tell(`hold ${pid} ${signal.replace('SIG', '')}`);
}

/** `pid` has ended and may be re-used by the system: nothing is sent to it any more. */
export function forgetLifeline(pid: number): void {
  if (keeper) tell(`forget ${pid}`);
}
