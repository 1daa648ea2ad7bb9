import { type WholeStack } from '@ledgerline/local-stack';
import { type StackLinks } from '../links/stack-links.js';
import { type Probe } from '../load/probe.js';

/** What faults are done to. */
export interface StackUnderFire {
  readonly stack: WholeStack;
  readonly links: StackLinks;
  readonly probe: Probe;
  /** The folder in which a file arms a failpoint. */
  readonly failpoints: string;
}

/** Does a fault, from its begin to its end. Resolves with what must also hold once the stack has recovered; it throws as long as it does not. */
export type Inflict = (target: StackUnderFire, fault: { readonly targets: readonly string[]; readonly holdMs: number }) => Promise<void | (() => void)>;
