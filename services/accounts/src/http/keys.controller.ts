import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { parseInput, ProblemError, RequireRole } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { CreateKey } from '../application/create-key.js';
import { type ApiKey, type Keys } from '../application/ports.js';
import { RevokeKey } from '../application/revoke-key.js';
import { page } from './page.js';
import { keysQuery, newKeyRequest } from './requests.js';

export const KEYS = Symbol('KEYS');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const keyJson = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  role: key.role,
  prefix: key.prefix,
  created_at: key.createdAt.toISOString(),
  revoked_at: key.revokedAt?.toISOString() ?? null,
});

/** API keys: what everything is opened with. */
@RequireRole('admin')
@Controller('v1/keys')
export class KeysController {
  constructor(
    @Inject(CreateKey) private readonly createKey: CreateKey,
    @Inject(RevokeKey) private readonly revokeKey: RevokeKey,
    @Inject(KEYS) private readonly keys: Keys,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  async create(@Body() body: unknown, @Req() request: FastifyRequest) {
    const { name, role } = parseInput(newKeyRequest, body);
    const { key, text } = await this.createKey.execute(name, role, request.principal.keyId);
    return { id: key.id, name: key.name, role: key.role, key: text, prefix: key.prefix, created_at: key.createdAt.toISOString() };
  }

  @Get()
  @Header('cache-control', 'no-store')
  async list(@Query() query: unknown) {
    const { limit, cursor } = parseInput(keysQuery, query);
    return page(await this.keys.list({ limit: limit + 1, after: cursor ?? null }), limit, keyJson, (key) => key.id);
  }

  @Delete(':id')
  @HttpCode(204)
  async revoke(@Param('id') id: string): Promise<void> {
    const outcome = UUID.test(id) ? await this.revokeKey.execute(id.toLowerCase()) : 'not_found';
    if (outcome === 'not_found') throw new ProblemError(404, 'key_not_found', 'There is no key of this id.');
    if (outcome === 'last_admin_key') {
      throw new ProblemError(409, 'last_admin_key', 'This is the last admin key; make another before revoking it.');
    }
  }
}
