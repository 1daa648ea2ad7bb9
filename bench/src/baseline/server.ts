import Fastify from 'fastify';
import pg from 'pg';

/**
 * The plain way to meter usage, kept to compare with: one INSERT and one counter upsert in Postgres per request,
 * pooled, prepared, each request answered when it is durable. One process, as such a service usually starts.
 */
const { DATABASE_URL, PORT } = process.env;
const CONNECTIONS = 64;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS usage_records (
    id text PRIMARY KEY, customer_id text NOT NULL, project_id text, provider text NOT NULL, model text NOT NULL,
    operation text, endpoint text, input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, cost_usd numeric(38, 12) NOT NULL,
    latency_ms integer, tags jsonb, occurred_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS usage_counters (
    customer_id text, month date, provider text, model text, events bigint NOT NULL, input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL, cost_usd numeric(38, 12) NOT NULL, PRIMARY KEY (customer_id, month, provider, model));`;

const INSERT = {
  name: 'insert-usage',
  text: `INSERT INTO usage_records (id, customer_id, project_id, provider, model, operation, endpoint, input_tokens, output_tokens, cost_usd, latency_ms, tags, occurred_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
};
const COUNT = {
  name: 'count-usage',
  text: `INSERT INTO usage_counters AS counters VALUES ($1, date_trunc('month', $2::timestamptz), $3, $4, 1, $5, $6, $7)
         ON CONFLICT (customer_id, month, provider, model) DO UPDATE SET events = counters.events + 1,
           input_tokens = counters.input_tokens + excluded.input_tokens, output_tokens = counters.output_tokens + excluded.output_tokens,
           cost_usd = counters.cost_usd + excluded.cost_usd`,
};

interface UsageBody {
  id: string;
  customer_id: string;
  project_id: string;
  provider: string;
  model: string;
  operation: string;
  endpoint: string;
  usage: { input_tokens: number; output_tokens: number };
  latency_ms: number;
  tags: Record<string, string>;
  occurred_at: string;
}

const text = { type: 'string' } as const;
const tokens = { type: 'integer', minimum: 0 } as const;
const BODY = {
  type: 'object',
  required: ['id', 'customer_id', 'provider', 'model', 'usage', 'occurred_at'],
  properties: {
    id: text, customer_id: text, project_id: text, provider: text, model: text, operation: text, endpoint: text,
    usage: { type: 'object', required: ['input_tokens', 'output_tokens'], properties: { input_tokens: tokens, output_tokens: tokens } },
    latency_ms: tokens, tags: { type: 'object', additionalProperties: text }, occurred_at: { type: 'string', format: 'date-time' },
  },
} as const;

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: CONNECTIONS, options: '-c synchronous_commit=on' });
await pool.query(SCHEMA);
const app = Fastify({ logger: false });

app.post('/v1/events', { schema: { body: BODY } }, async (request, reply) => {
  const event = request.body as UsageBody;
  const { input_tokens: input, output_tokens: output } = event.usage;
  const costUsd = (input * 30 + output * 60) / 1_000_000;
  const values = [event.id, event.customer_id, event.project_id, event.provider, event.model, event.operation, event.endpoint, input, output, costUsd, event.latency_ms, event.tags, event.occurred_at];
  const client = await pool.connect();
  try {
    await client.query(INSERT, values);
    await client.query(COUNT, [event.customer_id, event.occurred_at, event.provider, event.model, input, output, costUsd]);
  } finally {
    client.release();
  }
  return reply.code(202).send({ status: 'accepted' });
});

process.once('SIGTERM', () => void app.close().then(() => pool.end()));
await app.listen({ host: '127.0.0.1', port: Number(PORT) });
process.stdout.write('listening\n');
