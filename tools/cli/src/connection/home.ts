import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError, ExitCode } from '../exit.js';
import { type StackFile, stackFileSchema } from './stack-file.js';

/** The folder in which a local stack keeps its data, its first admin key and where its servers listen. */
export class Home {
  readonly path: string;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.path = resolve(env.LEDGERLINE_HOME ?? '.ledgerline');
  }

  /** The admin key that the stack keeps in its home (mode 0600), or undefined when there is none. */
  adminKey(): string | undefined {
    const file = join(this.path, 'admin-key');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() || undefined : undefined;
  }

  /** What the running (or last run) stack wrote down about itself, or undefined. @throws CliError when unreadable */
  stack(): StackFile | undefined {
    const file = join(this.path, 'stack.json');
    if (!existsSync(file)) return undefined;
    const parsed = stackFileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.success) return parsed.data;
    const fields = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new CliError(`${file} cannot be read: ${fields}`, ExitCode.couldNotRun);
  }

  /** The text of a file named in stack.json, relative to the home unless absolute. */
  read(name: string): string {
    return readFileSync(resolve(this.path, name), 'utf8').trim();
  }
}
