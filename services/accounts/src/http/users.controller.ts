import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { actorOf, Changes } from '@ledgerline/administration';
import { confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type User, type Users } from '../application/ports.js';
import { page } from './page.js';
import { newUserRequest, usersQuery } from './requests.js';
import { createUserDoc, listUsersDoc, removeUserDoc } from './users.openapi.js';

export const USERS = Symbol('USERS');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const OPERATOR_ROLES = ['admin', 'viewer'];
const CUSTOMER_ROLES = ['admin', 'member'];

const userJson = (user: User) => ({
  id: user.id,
  subject: user.subject,
  email: user.email,
  name: user.name,
  customer_id: user.customerId,
  role: user.role,
  created_at: user.createdAt.toISOString(),
});

/** Users of the identity provider, and whose they are. A customer's admin keeps to that customer's. */
@RequireScope('admin', 'anyone')
@Controller('v1/users')
export class UsersController {
  constructor(
    @Inject(USERS) private readonly users: Users,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  @Post()
  @Documented(createUserDoc)
  async create(@Body() body: unknown, @Req() request: FastifyRequest) {
    const { subject, email, name, customer_id: asked, role } = parseInput(newUserRequest, body);
    const customerId = confinedTo(request, asked ?? undefined) ?? null;
    const roles = customerId === null ? OPERATOR_ROLES : CUSTOMER_ROLES;
    if (!roles.includes(role)) {
      throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: 'role', reason: `must be ${roles.join(' or ')} ${customerId === null ? 'for the operator' : 'for a customer'}` }]);
    }
    return this.changes.once(request, async (change) => {
      const user = await this.users.add({ subject, email: email ?? null, name: name ?? null, customerId, role }, change);
      if (!user) throw new ProblemError(409, 'user_exists', 'There is a user of this subject already.');
      return userJson(user);
    });
  }

  @Get()
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listUsersDoc)
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { customer_id: asked, limit, cursor } = parseInput(usersQuery, query);
    return page(await this.users.list({ limit: limit + 1, after: cursor ?? null }, confinedTo(request, asked)), limit, userJson, (user) => user.id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Documented(removeUserDoc)
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const removed = UUID.test(id) && (await this.changes.make(actorOf(request), (change) => this.users.remove(id.toLowerCase(), confinedTo(request), change)));
    if (!removed) throw new ProblemError(404, 'user_not_found', 'There is no user of this id.');
  }
}
