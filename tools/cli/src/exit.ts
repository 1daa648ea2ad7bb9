/** How a command ends: these numbers are part of the command line's contract. */
export const ExitCode = { ok: 0, failed: 1, couldNotRun: 2 } as const;

/** A message for the person at the terminal, with the exit code it ends in. No stack is shown for it. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = ExitCode.failed,
  ) {
    super(message);
    this.name = 'CliError';
  }
}
