import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { actorOf, type Change, Changes } from '@ledgerline/administration';
import { confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { CreateKey, ExpiryPassedError } from '../application/create-key.js';
import { type ApiKey, type Keys } from '../application/ports.js';
import { RevokeKey } from '../application/revoke-key.js';
import { RotateKey } from '../application/rotate-key.js';
import { createKeyDoc, listKeysDoc, revokeKeyDoc, rotateKeyDoc } from './keys.openapi.js';
import { page } from './page.js';
import { keysQuery, newKeyRequest, rotationRequest } from './requests.js';

export const KEYS = Symbol('KEYS');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const MS_PER_S = 1000;

const keyJson = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  scopes: key.scopes,
  customer_id: key.customerId,
  user_id: key.userId,
  limits: { requests_per_second: key.limits.requestsPerSecond, events_per_second: key.limits.eventsPerSecond },
  prefix: key.prefix,
  created_at: key.createdAt.toISOString(),
  expires_at: key.expiresAt?.toISOString() ?? null,
  last_used_at: key.lastUsedAt?.toISOString() ?? null,
  revoked_at: key.revokedAt?.toISOString() ?? null,
});

/** Of an answer that carries a key's text. */
const SECRET = true;

/** The only answers that carry a key's text. */
const newKeyJson = ({ key, text }: { key: ApiKey; text: string }) => ({ ...keyJson(key), key: text });

/** API keys: what everything is opened with. A customer's admin keeps to that customer's. */
@RequireScope('admin', 'anyone')
@Controller('v1/keys')
export class KeysController {
  constructor(
    @Inject(CreateKey) private readonly createKey: CreateKey,
    @Inject(RotateKey) private readonly rotateKey: RotateKey,
    @Inject(RevokeKey) private readonly revokeKey: RevokeKey,
    @Inject(KEYS) private readonly keys: Keys,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  @Documented(createKeyDoc)
  async create(@Body() body: unknown, @Req() request: FastifyRequest) {
    const { name, scopes, customer_id: asked, user_id: userId, limits, expires_at: expiresAt } = parseInput(newKeyRequest, body);
    const customerId = confinedTo(request, asked ?? undefined) ?? null;
    const wanted = { name, scopes, customerId, userId: userId ?? null, limits: { requestsPerSecond: limits.requests_per_second, eventsPerSecond: limits.events_per_second }, expiresAt: expiresAt ? new Date(expiresAt) : null };
    return this.changes.once(request, async (change) => newKeyJson(await this.createKey.execute(wanted, request.principal.keyId, change).catch(refused)), SECRET);
  }

  @Get()
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listKeysDoc)
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { customer_id: asked, limit, cursor } = parseInput(keysQuery, query);
    return page(await this.keys.list({ limit: limit + 1, after: cursor ?? null }, confinedTo(request, asked)), limit, keyJson, (key) => key.id);
  }

  /** A new key with the same rights; the old one opens for `overlap_seconds` more, a day unless told. */
  @Post(':id/rotate')
  @Header('cache-control', 'no-store')
  @Documented(rotateKeyDoc)
  async rotate(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest) {
    const { overlap_seconds: overlapS } = parseInput(rotationRequest, body === undefined ? {} : body);
    if (!UUID.test(id)) throw notFound();
    const rotate = async (change: Change) => {
      const rotated = await this.rotateKey.execute(id.toLowerCase(), confinedTo(request), overlapS * MS_PER_S, request.principal.keyId, change);
      if (rotated === 'not_found') throw notFound();
      if (rotated === 'not_active') throw new ProblemError(409, 'key_not_active', 'This key is revoked or expired; make a new one.');
      return newKeyJson(rotated);
    };
    return this.changes.once(request, rotate, SECRET);
  }

  @Delete(':id')
  @HttpCode(204)
  @Documented(revokeKeyDoc)
  async revoke(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const outcome = UUID.test(id) ? await this.changes.make(actorOf(request), (change) => this.revokeKey.execute(id.toLowerCase(), confinedTo(request), change)) : 'not_found';
    if (outcome === 'not_found') throw notFound();
    if (outcome === 'last_admin_key') {
      throw new ProblemError(409, 'last_admin_key', 'This is the last admin key of the operator that does not expire; make another before revoking it.');
    }
  }
}

const notFound = (): ProblemError => new ProblemError(404, 'key_not_found', 'There is no key of this id.');

function refused(error: unknown): never {
  if (error instanceof ExpiryPassedError) throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: 'expires_at', reason: error.message }]);
  throw error;
}
