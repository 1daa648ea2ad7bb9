import { decodePricedEnvelope } from '@ledgerline/contracts';
import { type PricedHistory } from '@ledgerline/rebuild';
import { type PartitionTerms } from '../check-rows.js';
import { type CorrectionLedgers, isNoChange, noChanges } from './correction-ledger.js';
import { projectCorrections } from './project-corrections.js';

/** The ledgers of all partitions, to begin again with. */
export interface RestartedLedgers extends CorrectionLedgers {
  /** Forgets everything that is known of corrections. */
  clear(): Promise<void>;
  /** Lets what waits for its original in closed generations wait in this one: it is recorded here, if ever. */
  carryParked(generation: number): Promise<void>;
}

/**
 * Builds what is known of corrections from closed generations anew: corrections whose messages are lost never were, and count when they are
 * sent again. Can be repeated.
 *
 * @param terms of the new generation
 */
export async function rebuildLedgers(ledgers: RestartedLedgers, history: PricedHistory, terms: Omit<PartitionTerms, 'partition'>): Promise<void> {
  await ledgers.clear();
  for (const { of, sequence: end } of (await history.ends()).entries()) {
    if (of.generation >= terms.generation) continue;
    const ledger = ledgers.open(of.generation, of.partition);
    let saved = 0;
    for await (const message of history.read(of, 1, end)) {
      const changes = noChanges();
      for (const run of decodePricedEnvelope(message.data).runs) projectCorrections(run, { ...terms, ...of }, changes);
      if (isNoChange(changes) && message.sequence < end) continue;
      await ledger.save(saved, message.sequence, changes);
      saved = message.sequence;
    }
  }
  await ledgers.carryParked(terms.generation);
}
