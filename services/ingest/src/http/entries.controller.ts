import { randomUUID } from 'node:crypto';
import { Controller, Delete, Inject, Param, Post, Put, Req, Res } from '@nestjs/common';
import { QUANTITY_BY_NAME, usageIdBytes } from '@ledgerline/contracts';
import { fromEntry, toEntry, type UsageView } from '@ledgerline/domain-dialects';
import { SYSTEM_CUSTOMER } from '@ledgerline/domain-metering';
import { decimalTextOf, DecimalError, formatUsd, jsonNumber, parseDecimal9, parseUsd } from '@ledgerline/kernel';
import { Documented, ownUserOf, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { CorrectEvents, type CorrectionRequest, NotCorrectableError } from '../application/correct-events.js';
import { RECORDED_EVENTS, type RecordedEvents } from '../application/recorded-events.js';
import { callerOf, refuse } from './corrections.controller.js';
import { changedEntryRequest, newEntryRequest } from './dialect-requests.js';
import { changeEntryDoc, deleteEntryDoc, recordEntryDoc } from './dialects.openapi.js';
import { idempotencyKey } from './idempotency-key.js';
import { readJson } from './read-json.js';
import { TakeUsage } from './take-usage.js';

/** What a native event calls the fields. */
const NAMES: Readonly<Record<string, string>> = { model: 'api_name', 'usage.units': 'units_used', client_cost_usd: 'cost_usd', request_metadata: 'api_key_used' };

const UNITS = QUANTITY_BY_NAME.get('units')!.index;
/** An entry is deleted once: whoever deletes it again asks for the same. */
const DELETION = 'delete';
const NOTHING = { usage: null, costUsd: '', status: null, replacedBy: '', customerId: '', awaitsOriginal: false } as const;

/** Usage entries: `/usage` takes the use of the platform's own APIs; an administrator changes and deletes entries. */
@Controller('usage')
export class EntriesController {
  constructor(
    @Inject(TakeUsage) private readonly usage: TakeUsage,
    @Inject(CorrectEvents) private readonly correctEvents: CorrectEvents,
    @Inject(RECORDED_EVENTS) private readonly recorded: RecordedEvents,
  ) {}

  @Post()
  @RequireScope('ingest', 'anyone')
  @Documented(recordEntryDoc)
  async record(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    this.usage.demandLog();
    const entry = parseInput(newEntryRequest, await readJson(request));
    const owner = { customerId: request.principal.customerId ?? SYSTEM_CUSTOMER, userId: ownUserOf(request) };
    return toEntry(await this.usage.take(fromEntry(entry, owner), NAMES, request, reply), jsonNumber);
  }

  /** What the entry should be; a cost that is not given stays, unless the price book has one for the new units. */
  @Put(':usage_id')
  @RequireScope('admin', 'operator')
  @Documented(changeEntryDoc)
  async change(@Param('usage_id') id: string, @Req() request: FastifyRequest) {
    const usageId = entryId(id);
    const { units_used, cost_usd } = parseInput(changedEntryRequest, await readJson(request));
    if (units_used != null) await this.demandUnits(usageId, request);
    const usage = units_used == null ? null : new Map([[UNITS, exact('units_used', units_used, parseDecimal9)]]);
    const costUsd = cost_usd == null ? '' : formatUsd(exact('cost_usd', cost_usd, parseUsd));
    return this.correct(usageId, { ...NOTHING, kind: 'adjust', correctionId: idempotencyKey(request) ?? randomUUID(), reason: `PUT /usage/${usageId}`, usage, costUsd }, request);
  }

  /** The entry leaves lists and sums; its history keeps it. */
  @Delete(':usage_id')
  @RequireScope('admin', 'operator')
  @Documented(deleteEntryDoc)
  async remove(@Param('usage_id') id: string, @Req() request: FastifyRequest) {
    const usageId = entryId(id);
    return this.correct(usageId, { ...NOTHING, kind: 'void', correctionId: DELETION, reason: `DELETE /usage/${usageId}` }, request);
  }

  /** An event that counts something else would lose it. */
  private async demandUnits(usageId: string, request: FastifyRequest): Promise<void> {
    const { event, state } = await this.recorded.find(usageId, callerOf(request)).catch((error: unknown) => refuse(error, ''));
    if (state === 'voided' || 'units' in (event['usage'] as object)) return;
    throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: 'units_used', reason: 'cannot be changed: this usage is not counted in units; correct it with POST /v1/events/{usage_id}/corrections' }]);
  }

  /** @returns the entry as it is once pricing has decided */
  private async correct(usageId: string, wanted: CorrectionRequest, request: FastifyRequest) {
    const caller = callerOf(request);
    await this.correctEvents.correct(usageId, wanted, request.principal.keyId, caller, request.trace?.traceparent).catch((error: unknown) => {
      if (wanted.kind === 'void' && error instanceof NotCorrectableError && error.code === 'already_void') return;
      refuse(error, wanted.correctionId);
    });
    const outcome = await this.recorded.correction(usageId, wanted.correctionId, caller).catch((error: unknown) => refuse(error, wanted.correctionId));
    if (outcome?.outcome === 'refused') throw new ProblemError(409, outcome.code, `The entry stays as it is: ${outcome.detail}.`);
    const { event } = await this.recorded.find(usageId, caller).catch((error: unknown) => refuse(error, wanted.correctionId));
    return toEntry(event as unknown as UsageView, jsonNumber);
  }
}

function entryId(text: string): string {
  if (usageIdBytes(text) === null) throw new ProblemError(404, 'unknown_event', 'There is no such usage entry: that is no usage_id.');
  return text.toLowerCase();
}

/** @throws ProblemError 422 */
function exact(field: string, value: number | string, parse: (text: string) => bigint): bigint {
  try {
    const amount = parse(typeof value === 'number' ? decimalTextOf(value) : value);
    if (amount >= 0n) return amount;
    throw new DecimalError('must not be negative');
  } catch (error) {
    if (error instanceof DecimalError) throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field, reason: error.reason }]);
    throw error;
  }
}
