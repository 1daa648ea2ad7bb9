import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError, ExitCode } from '../exit.js';
import { progressBar } from '../output/progress.js';
import { table } from '../output/table.js';
import { importTrace, type ImportSummary, type TraceSums } from '../trace-import/import-trace.js';
import { TraceFormatError } from '../trace-import/trace-row.js';
import { LineTooLongError } from '../trace-import/file-lines.js';
import { type Context } from './context.js';

interface ImportOptions {
  customer: string;
  provider: string;
  model: string;
  rate?: number;
  batch: number;
  giveUp: number;
  json?: boolean;
}

/** `import azure-llm-trace`: declared backfills from files. */
export function addImportCommand(program: Command, context: Context): void {
  const imports = program.command('import').description('record usage from files (declared backfills; needs an admin key)');

  imports
    .command('azure-llm-trace')
    .description('record each request of an Azure LLM inference trace (TIMESTAMP,ContextTokens,GeneratedTokens) as one event; importing a file again changes nothing')
    .argument('<file>', 'the trace, a CSV file')
    .requiredOption('--customer <id>', 'whose usage it is')
    .requiredOption('--provider <provider>', 'the provider, e.g. openai')
    .requiredOption('--model <model>', 'the model, e.g. gpt-4')
    .option('--rate <events>', 'events per second at most', positive)
    .option('--batch <events>', 'events per request, 10,000 at most', batchSize, 500)
    .option('--give-up <seconds>', 'stop when nothing has been accepted for so long', positive, 300)
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: ImportOptions) => {
      const summary = await runImport(fileAt(file, context.env), options, context);
      context.print(options.json ? summaryJson(summary) : summaryTable(summary));
      if (summary.rejected.rows > 0) throw new CliError(refusalText(summary));
    });
}

async function runImport(path: string, options: ImportOptions, context: Context): Promise<ImportSummary> {
  const progress = progressBar('events');
  let done = 0;
  try {
    return await importTrace(path, options, context.api(), {
      batch: options.batch,
      rate: options.rate,
      giveUpMs: options.giveUp * 1000,
      nowMs: () => performance.now(),
      sleepMs: (ms) => sleep(ms),
      onStart: (survey) => progress.start(survey.rows),
      onProgress: (rows) => progress.update((done = rows)),
      onRetry: (reason) => progress.update(done, `sending again: ${reason}`),
    });
  } catch (error) {
    if (error instanceof TraceFormatError || error instanceof LineTooLongError) throw new CliError(`${path}: ${error.message}. Nothing was sent.`);
    throw error;
  } finally {
    progress.stop();
  }
}

/** npm runs scripts in the project's root; a relative path means the folder the person is in. */
function fileAt(file: string, env: NodeJS.ProcessEnv): string {
  const candidates = [resolve(env.INIT_CWD ?? '.', file), resolve(file)];
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new CliError(`There is no file ${candidates[0]}.`, ExitCode.couldNotRun);
  return found;
}

const summaryTable = ({ survey, accepted, rejected, source }: ImportSummary): string =>
  `${table(
    ['', 'events', 'input tokens', 'output tokens'],
    [
      ['in the file', survey.rows, survey.inputTokens, survey.outputTokens],
      ['accepted', accepted.rows, accepted.inputTokens, accepted.outputTokens],
      ['rejected', rejected.rows, rejected.inputTokens, rejected.outputTokens],
    ],
  )}\nsource ${source}`;

function summaryJson({ source, survey, accepted, rejected, refusals }: ImportSummary): string {
  const sums = ({ rows, inputTokens, outputTokens }: TraceSums) => ({ events: rows, input_tokens: String(inputTokens), output_tokens: String(outputTokens) });
  return JSON.stringify({ source, digest: survey.digest, in_file: sums(survey), accepted: sums(accepted), rejected: sums(rejected), refusals });
}

function refusalText(summary: ImportSummary): string {
  const lines = summary.refusals.map(({ line, field, reason }) => `  line ${line}: ${field}: ${reason}`);
  const more = summary.rejected.rows - lines.length;
  return [`${summary.rejected.rows} events were rejected:`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above zero.');
  return value;
}

function batchSize(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) throw new InvalidArgumentError('expected a whole number from 1 to 10000.');
  return value;
}
