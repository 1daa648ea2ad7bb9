import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DATA = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** A trace and its sums, taken straight from the file's text. */
export interface Trace {
  readonly path: string;
  readonly events: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

/** The two Azure traces where they lie beside the checkout, else two of the same form made here. */
export function traces(folder: string): Trace[] {
  return ['code', 'conv'].map((name, i) => {
    const real = join(DATA, `AzureLLMInferenceTrace_${name}.csv`);
    if (existsSync(real)) return summed(real);
    const made = join(folder, `${name}.csv`);
    writeFileSync(made, madeTrace(3_000 + i * 1_000, i + 1));
    return summed(made);
  });
}

function summed(path: string): Trace {
  const rows = readFileSync(path, 'utf8').split('\n').slice(1).filter((line) => line.trim() !== '');
  let inputTokens = 0n;
  let outputTokens = 0n;
  for (const row of rows) {
    const [, input, output] = row.trim().split(',');
    inputTokens += BigInt(input!);
    outputTokens += BigInt(output!);
  }
  return { path, events: rows.length, inputTokens, outputTokens };
}

/** Lines like those of the real traces: seven decimals, a last line without newline. */
function madeTrace(lines: number, seed: number): string {
  let state = seed;
  const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const rows = Array.from({ length: lines }, (_, i) => {
    const at = new Date(Date.UTC(2023, 10, 16, 18, 15, 0) + i * 900).toISOString().replace('T', ' ').replace('Z', '');
    return `${at}${String(next(10_000)).padStart(4, '0')},${next(8_000)},${next(900)}`;
  });
  return `TIMESTAMP,ContextTokens,GeneratedTokens\n${rows.join('\n')}`;
}
