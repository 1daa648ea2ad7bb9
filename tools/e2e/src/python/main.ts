import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type LocalStack, startLocalStack } from '../local-stack.js';
import { guideBlocks } from './guide-blocks.js';

const STUBS = fileURLToPath(new URL('../../python-stubs', import.meta.url));
const PYTHON = process.env['PYTHON'] || 'python3';
const PROJECT = '550e8400-e29b-41d4-a716-446655440000';
const TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/** What each block of the guide prints, in the guide's order, and what it takes from the blocks before it. */
const EXPECTED: readonly { readonly what: string; readonly before?: string; readonly prints: readonly string[] }[] = [
  { what: 'basic tracking', prints: ['Usage tracked: 2000 tokens, $0.0750'] },
  { what: 'OpenAI', prints: ['Usage tracked: $0.0750', 'Paris.'] },
  { what: 'Anthropic', prints: ['Usage tracked: $0.1050', 'Paris.'] },
  { what: 'batch', prints: ['Total cost tracked: $0.2550'] },
  { what: 'async', prints: ['Total cost tracked: $0.2550'] },
  { what: 'the test of an integration', before: 'from usage_tracker import UsageTracker', prints: ['✓ Usage tracking working!', 'Cost: $0.0060'] },
  { what: 'reading it back', before: 'import requests', prints: ['Total requests: ', 'openai/gpt-4: $0.0750', 'anthropic/claude-3-opus'] },
];

/** Runs the blocks one after another, as files beside each other. @returns how many did not print what they should */
async function runBlocks(blocks: readonly string[], folder: string): Promise<number> {
  // The guide's other examples import its first one under this name.
  writeFileSync(join(folder, 'usage_tracker.py'), blocks[0]!);
  let failed = 0;
  for (const [i, { what, before, prints }] of EXPECTED.entries()) {
    const file = join(folder, `block_${i + 1}.py`);
    writeFileSync(file, `${before === undefined ? '' : `${before}\n`}${blocks[i]!}`);
    const output = await run(PYTHON, [file], { timeout: TIMEOUT_MS, env: { ...process.env, PYTHONPATH: `${STUBS}:${folder}`, PYTHONIOENCODING: 'utf-8' } }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
    );
    const missing = prints.filter((text) => !output.includes(text));
    if (missing.length > 0) failed++;
    console.log(missing.length === 0 ? `ok      ${what}` : `FAILED  ${what}: ${JSON.stringify(missing)} is not in\n${output}`);
  }
  return failed;
}

async function place(stack: LocalStack): Promise<string> {
  await stack.cli('projects', 'create', '--id', PROJECT, '--customer', 'acme');
  const { code, output } = await stack.cli('keys', 'create', '--name', 'guide', '--customer', 'acme', '--scope', 'ingest', 'read', '--json');
  if (code !== 0) throw new Error(output);
  return (JSON.parse(output) as { key: string }).key;
}

async function main(): Promise<number> {
  await run(PYTHON, ['-c', 'import requests, aiohttp']).catch(() => {
    throw new Error(`${PYTHON} has no requests and aiohttp: install them (Debian: python3-requests python3-aiohttp), or name an interpreter that has them in PYTHON.`);
  });
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-python-'));
  const stack = await startLocalStack();
  try {
    const blocks = guideBlocks({ url: stack.url, token: await place(stack), projectId: PROJECT });
    if (blocks === null) throw new Error('The guide is not beside the checkout.');
    if (blocks.length !== EXPECTED.length) throw new Error(`The guide has ${blocks.length} blocks of Python; ${EXPECTED.length} are expected.`);
    const failed = await runBlocks(blocks, folder);
    console.log(`${EXPECTED.length - failed} blocks as the guide has them, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await stack.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
