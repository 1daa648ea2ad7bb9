import { createInterface } from 'node:readline/promises';

/** Asks a question that is answered by `yes` or anything else. Null where nobody is there to answer: standard input is no terminal. */
export async function ask(question: string): Promise<boolean | null> {
  if (!process.stdin.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
