import { repeatable } from '@ledgerline/administration';
import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { INVALID, NO_CUSTOMER, pageOf, time, uuid } from './answers.openapi.js';
import { newUserRequest, usersQuery } from './requests.js';

const tag = 'Users';

const user = z
  .strictObject({
    id: uuid,
    subject: z.string(),
    email: z.string().nullable(),
    name: z.string().nullable(),
    customer_id: z.string().nullable().meta({ description: 'null: a user of the operator.' }),
    role: z.enum(['admin', 'viewer', 'member']),
    created_at: time,
  })
  .meta({
    id: 'User',
    description: 'A user of the identity provider, and whose it is.',
    examples: [{ id: '3c0a9c1e-6a55-4a4b-b7b5-0c2a3f1f4d10', subject: 'user_2abc', email: null, name: null, customer_id: 'acme', role: 'member', created_at: '2026-01-15T10:30:00.000Z' }],
  });

export const createUserDoc = repeatable({
  id: 'createUser',
  summary: 'Let a user in',
  tag,
  body: newUserRequest,
  answers: { 201: user },
  problems: { ...INVALID, ...NO_CUSTOMER, 409: { user_exists: 'There is one of this subject.' } },
});

export const listUsersDoc: RouteDoc = { id: 'listUsers', summary: 'List users', tag, query: usersQuery, answers: { 200: pageOf(user) }, problems: { ...INVALID, ...NO_CUSTOMER } };

export const removeUserDoc: RouteDoc = {
  id: 'removeUser',
  summary: 'Shut a user out',
  description: 'Its tokens stop opening within a second.',
  tag,
  params: { id: uuid },
  answers: { 204: null },
  problems: { 404: { user_not_found: 'There is no such user, or it is none of yours.' } },
};
