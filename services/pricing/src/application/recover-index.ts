import { crc32 } from 'node:zlib';
import { decodePricedEnvelope, decodeUsageEnvelope, Outcome, type PricedEnvelope, type PricedRun } from '@ledgerline/contracts';
import { fingerprints } from '@ledgerline/domain-metering';
import { PositionLostError } from '@ledgerline/messaging';
import { type PartitionTerms } from './check-rows.js';
import { claimantOf, setRow } from './claimant.js';
import { Claim, type IdempotencyIndex } from './idempotency-index.js';
import { indexedSequence } from './indexed-position.js';
import { type PricedMessage, type PricedReader, type ReplayableLog } from './priced-log.js';

/** PRICED contradicts itself or its index. Nobody may go on in this partition before a person has looked. */
export class PricedLogError extends PositionLostError {}

/**
 * Brings an index up to the end of PRICED.
 * @throws PricedLogError when PRICED begins past what the index covers, lost what the index has seen, or does not fit together
 */
export async function recoverIndex(log: ReplayableLog, index: IdempotencyIndex, lastSequence: number, terms: PartitionTerms): Promise<void> {
  await checkCoverage(log, index, lastSequence);
  if (index.coverage.pricedSequence === 0) await claimEarlier(log, index, terms);
  for await (const message of log.range(index.coverage.pricedSequence + 1, lastSequence)) {
    const envelope = readEnvelope(log, message, terms);
    checkChain(log, message, envelope, index.coverage.sourceTo);
    for (const run of envelope.runs) claimRun(log, run, terms, index);
    await index.cover({ pricedSequence: message.sequence, sourceTo: envelope.sourceTo, checksum: crc32(message.data) });
    await breathe();
  }
}

/**
 * Enters what closed generations counted. An index without coverage may hold some of it already, which changes nothing; its coverage counts
 * messages of this generation only, and all that is entered here becomes permanent with the first of them.
 */
async function claimEarlier(log: ReplayableLog, index: IdempotencyIndex, terms: PartitionTerms): Promise<void> {
  for (let generation = 1; generation < terms.generation; generation++) {
    const closed = await log.closed(generation, terms.partitions);
    const { firstSequence, lastSequence } = await closed.state();
    if (firstSequence > 1) throw new PricedLogError(closed.name, `it begins at ${firstSequence}, and an index has to be built from its beginning`);
    let sourceTo = 0;
    for await (const message of closed.range(1, lastSequence)) {
      const envelope = readEnvelope(closed, message, { ...terms, generation });
      checkChain(closed, message, envelope, sourceTo);
      for (const run of envelope.runs) claimRun(closed, run, { ...terms, generation }, index);
      sourceTo = envelope.sourceTo;
      await breathe();
    }
  }
}

/** Decodes a PRICED message of this partition. Throws PricedLogError when it is none. */
export function readEnvelope(log: PricedReader, message: PricedMessage, { generation, partition }: PartitionTerms): PricedEnvelope {
  let envelope: PricedEnvelope;
  try {
    envelope = decodePricedEnvelope(message.data);
  } catch (error) {
    throw new PricedLogError(log.name, `message ${message.sequence} cannot be read: ${(error as Error).message}`);
  }
  if (envelope.generation !== generation || envelope.partition !== partition) {
    throw new PricedLogError(log.name, `message ${message.sequence} is of generation ${envelope.generation}, partition ${envelope.partition}`);
  }
  return envelope;
}

async function checkCoverage(log: ReplayableLog, index: IdempotencyIndex, lastSequence: number): Promise<void> {
  const { pricedSequence, checksum } = index.coverage;
  const { firstSequence } = await log.state();
  if (firstSequence > pricedSequence + 1) {
    throw new PricedLogError(log.name, `it begins at ${firstSequence}, but the idempotency index covers it only to ${pricedSequence}`);
  }
  if (pricedSequence > lastSequence) {
    throw new PricedLogError(
      log.name,
      `it ends at ${lastSequence}, but the idempotency index has seen ${pricedSequence}: the broker lost acknowledged messages`,
    );
  }
  if (pricedSequence < firstSequence) return;
  const covered = await log.at(pricedSequence);
  if (covered === null || crc32(covered.data) !== checksum) {
    throw new PricedLogError(log.name, `message ${pricedSequence} is not the one that the idempotency index has seen`);
  }
}

function checkChain(log: PricedReader, { sequence }: PricedMessage, envelope: PricedEnvelope, sourceTo: number): void {
  if (envelope.previousSourceTo !== sourceTo || envelope.sourceFrom !== sourceTo + 1) {
    throw new PricedLogError(log.name, `message ${sequence} follows USAGE ${envelope.previousSourceTo}, but the one before it ends at ${sourceTo}`);
  }
}

/** Enters what the run counted. Duplicates and quarantined events hold no identity. */
function claimRun(log: PricedReader, run: PricedRun, { key, generation }: PartitionTerms, index: IdempotencyIndex): void {
  if (run.undecodable || !run.outcomes.some(counts)) return;
  const columns = decodeUsageEnvelope(run.usage);
  const prints = fingerprints(key, columns);
  const claimant = claimantOf(columns, indexedSequence(generation, run.sourceSequence), run.recordedAtUs);
  for (let row = 0; row < columns.count; row++) {
    if (!counts(run.outcomes[row]!)) continue;
    setRow(claimant, columns, row);
    claimant.fingerprintHigh = prints[row * 2]!;
    claimant.fingerprintLow = prints[row * 2 + 1]!;
    const answer = index.claim(claimant);
    if (answer === Claim.duplicate || answer === Claim.conflict) {
      throw new PricedLogError(log.name, `USAGE message ${run.sourceSequence}, event ${row} is counted a second time`);
    }
  }
}

function counts(outcome: number): boolean {
  return outcome === Outcome.priced || outcome === Outcome.unpriced;
}

/** A long replay must not starve the lease's heartbeat. */
async function breathe(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
