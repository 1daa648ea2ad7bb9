import { SERVERS, SERVICES } from '@ledgerline/local-stack';
import { FAILPOINTS } from '../failpoints/failpoints.js';
import { LINKS } from '../links/stack-links.js';

/** Everything of the stack that can die. */
export const PARTS: readonly string[] = [...SERVICES, 'edge', ...SERVERS];

interface FaultKindTerms {
  /** What it can be done to. */
  readonly targets: readonly string[];
  /** How often in one pass through all kinds. */
  readonly times: number;
  /** Sometimes two targets at once. */
  readonly pairs?: boolean;
  /** Shortest and longest time that it lasts, milliseconds; none: it is over at once, or when it has run its course. */
  readonly holdMs?: readonly [number, number];
}

/** What can be done to the stack. */
export const FAULT_KINDS = {
  /** `kill -9` */
  kill: { targets: PARTS, times: 3, pairs: true },
  /** SIGSTOP, and SIGCONT in the end */
  freeze: { targets: PARTS, times: 2, pairs: true, holdMs: [5_000, 60_000] },
  /** all connections of a link are reset, and new ones refused while it lasts */
  cut: { targets: LINKS, times: 2, pairs: true, holdMs: [0, 5_000] },
  /** requests of a link are carried out, but no answer comes back; then its connections are reset */
  'drop-answers': { targets: LINKS, times: 2, pairs: true, holdMs: [2_000, 10_000] },
  /** every chunk of a link is late, and few bytes pass */
  slow: { targets: LINKS, times: 1, pairs: true, holdMs: [3_000, 15_000] },
  /** the streams of one kind take no more */
  'stream-full': { targets: ['USAGE', 'PRICED', 'QUOTA'], times: 1, holdMs: [3_000, 10_000] },
  /** sessions are ended, and all of Postgres's connections are taken */
  'connections-taken': { targets: ['postgres'], times: 1, holdMs: [2_000, 10_000] },
  /** ClickHouse answers inserts with an error of its own */
  'inserts-refused': { targets: ['clickhouse'], times: 1, holdMs: [3_000, 10_000] },
  /** a worker is frozen until a second copy has taken its work over, then thawed beside it */
  takeover: { targets: ['pricing', 'aggregation', 'quota', 'alerting'], times: 1 },
  /** half an INSERT's body is sent; then the sink is frozen until another has taken over and the rest arrives, or ClickHouse is killed */
  'mid-body': { targets: ['aggregation', 'clickhouse'], times: 1 },
  /** a failpoint in a service's code is reached: see `../failpoints/failpoints.ts` for what happens there */
  failpoint: { targets: Object.keys(FAILPOINTS), times: 4 },
  /** the clock that a service is given is an hour off */
  'clock-step': { targets: ['ingest+1h', 'ingest-1h', 'quota+1h', 'quota-1h', 'read-api+1h', 'read-api-1h'], times: 1, holdMs: [2_000, 8_000] },
  /** a server goes back to an older copy of its data: Postgres falls behind ClickHouse and the log */
  'put-back': { targets: ['postgres'], times: 1, holdMs: [2_000, 10_000] },
} as const satisfies Record<string, FaultKindTerms>;

export type FaultKind = keyof typeof FAULT_KINDS;

export const kindTerms = (kind: FaultKind): FaultKindTerms => FAULT_KINDS[kind];
