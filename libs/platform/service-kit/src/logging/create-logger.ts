import { type DestinationStream, type Logger, pino } from 'pino';

/** Anything that could carry a key or a password, wherever it stands in a logged object. */
const SECRETS = [
  'authorization', 'password', 'key', 'secret', 'apiKey', 'DATABASE_URL', 'CLICKHOUSE_URL', 'NATS_URL', 'ADMIN_KEY', 'USAGE_ID_KEY', 'SMTP_URL',
];

const redact = {
  paths: [...SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), '["x-api-key"]', '*["x-api-key"]', '*.*["x-api-key"]'],
  censor: '[redacted]',
};

/** JSON lines on stdout; secrets are replaced before they are written. */
export function createLogger(service: string, instanceId: string, level: string, destination?: DestinationStream): Logger {
  const options = { level, redact, base: { service, instance: instanceId }, timestamp: pino.stdTimeFunctions.isoTime };
  return destination ? pino(options, destination) : pino(options);
}
