import { type StackFile } from './stack-file.js';

/** Ends a service of the local stack, whose supervisor starts it again. @returns false when it does not run */
export function endService(stack: StackFile | undefined, name: string): boolean {
  const pid = stack?.processes?.[name];
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGTERM');
  } catch {
    return false;
  }
}
