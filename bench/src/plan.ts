/** How long each measure takes, in milliseconds. */
export interface BenchPlan {
  readonly short: boolean;
  readonly baseline: { readonly warmupMs: number; readonly forMs: number };
  readonly pipeline: { readonly warmupMs: number; readonly minEvents: number; readonly minSeconds: number; readonly connections: number };
  readonly edge: { readonly forMs: number };
  readonly single: { readonly warmupMs: number; readonly forMs: number };
  readonly freshness: { readonly forMs: number };
  readonly clickhouseJson: { readonly forMs: number; readonly inserts: number };
  readonly jetstream: { readonly forMs: number };
}

const CONNECTIONS = 16;

/** What is reported: a million events and more, twenty seconds and more. */
export const FULL: BenchPlan = {
  short: false,
  baseline: { warmupMs: 5_000, forMs: 20_000 },
  pipeline: { warmupMs: 10_000, minEvents: 1_000_000, minSeconds: 20, connections: CONNECTIONS },
  edge: { forMs: 10_000 },
  single: { warmupMs: 5_000, forMs: 20_000 },
  freshness: { forMs: 40_000 },
  clickhouseJson: { forMs: 15_000, inserts: 20 },
  jetstream: { forMs: 10_000 },
};

/** About a minute: whether it works, and roughly where it stands. */
export const SHORT: BenchPlan = {
  short: true,
  baseline: { warmupMs: 2_000, forMs: 5_000 },
  pipeline: { warmupMs: 3_000, minEvents: 100_000, minSeconds: 5, connections: CONNECTIONS },
  edge: { forMs: 3_000 },
  single: { warmupMs: 1_000, forMs: 5_000 },
  freshness: { forMs: 8_000 },
  clickhouseJson: { forMs: 4_000, inserts: 8 },
  jetstream: { forMs: 3_000 },
};
