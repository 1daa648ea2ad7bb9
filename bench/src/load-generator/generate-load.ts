import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, HttpConnection, requestHead } from './http-connection.js';
import { type LoadJob, type LoadReport } from './job.js';
import { Latencies } from './latencies.js';
import { type BodyTemplate, bodyTemplate, MODELS, writeSerials } from './traffic.js';

/** Enough that every customer meets every model when events are sent in batches; singly, a share of them. */
const MOST_TEMPLATES = 4_000;
const RETRY_PAUSE_MS = 50;

/** A load whose answers are not what they have to be: the run measures nothing then. */
export class LoadError extends Error {}

/** Hands out what to send next; shared by all connections. */
class Source {
  private readonly templates: BodyTemplate[];
  private readonly free: number[];
  private next = 0;
  private readonly startedMs = performance.now();

  constructor(private readonly job: LoadJob) {
    const perTemplate = job.batchSize;
    const combinations = Math.ceil((job.customers * MODELS.length) / perTemplate);
    const count = Math.max(2 * job.connections, Math.min(combinations, MOST_TEMPLATES));
    const plan = { run: job.run, batchSize: job.batchSize, customers: job.customers, nowMs: Date.now() };
    this.templates = Array.from({ length: count }, (_, batch) => bodyTemplate(plan, batch));
    this.free = this.templates.map((_, index) => index).reverse();
  }

  /** A body that nobody else is sending, with ids never used before; undefined when the job is done. */
  take(): { template: BodyTemplate; index: number; dueMs: number } | undefined {
    const { events, forMs, rate, batchSize } = this.job;
    if (events !== undefined && this.next + batchSize > events) return undefined;
    if (forMs !== undefined && performance.now() - this.startedMs >= forMs) return undefined;
    const index = this.free.pop()!;
    const template = this.templates[index]!;
    writeSerials(template, this.next);
    const dueMs = rate === undefined ? 0 : this.startedMs + (this.next / rate) * 1000;
    this.next += batchSize;
    return { template, index, dueMs };
  }

  /** Bodies are used in turn, not the last one again and again. */
  giveBack(index: number): void {
    this.free.unshift(index);
  }
}

/** Sends the job's load and reports what was accepted. @throws LoadError when an event is not accepted */
export async function generateLoad(job: LoadJob): Promise<LoadReport> {
  const connections = await Promise.all(Array.from({ length: job.connections }, () => HttpConnection.open(job.port)));
  const source = new Source(job);
  const latencies = new Latencies();
  const sums = { accepted: 0, requests: 0, retries: 0, inputTokens: 0, outputTokens: 0 };
  const cpu = process.cpuUsage();
  const firstByteAtMs = Date.now();

  const heads = new Map<number, Buffer>();
  const headOf = (length: number): Buffer => {
    let head = heads.get(length);
    if (!head) heads.set(length, (head = requestHead(job.path, job.key, length)));
    return head;
  };

  const drive = async (connection: HttpConnection): Promise<void> => {
    for (let piece = source.take(); piece; piece = source.take()) {
      const early = piece.dueMs - performance.now();
      if (early > 1) await sleep(early);
      const { body, inputTokens, outputTokens } = piece.template;
      const head = headOf(body.length);
      const sentMs = performance.now();
      let answer = await connection.request(head, body);
      while (answer.status === 503 || answer.status === 429) {
        sums.retries++;
        await sleep(Math.max(RETRY_PAUSE_MS, answer.retryAfterS * 1000));
        answer = await connection.request(head, body);
      }
      check(answer);
      latencies.add(performance.now() - sentMs);
      source.giveBack(piece.index);
      sums.requests++;
      sums.accepted += job.batchSize;
      sums.inputTokens += inputTokens;
      sums.outputTokens += outputTokens;
    }
  };

  try {
    await Promise.all(connections.map(drive));
  } finally {
    connections.forEach((connection) => connection.close());
  }
  const lastAnswerAtMs = Date.now();
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...sums,
    firstByteAtMs,
    lastAnswerAtMs,
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    maxMs: latencies.percentile(1),
    cpuMs: (user + system) / 1000,
  };
}

/** Every event of every request has to be accepted: 200 or 202. A 207 would hide what was not. */
function check({ status, body }: Answer): void {
  if (status === 202 || status === 200) return;
  throw new LoadError(`expected 202, the answer was ${status}: ${body.toString('utf8', 0, 500)}`);
}
