import { repeatable } from '@ledgerline/administration';
import { type RouteDoc, SCOPES } from '@ledgerline/service-kit';
import { z } from 'zod';
import { INVALID, NO_CUSTOMER, pageOf, time, uuid } from './answers.openapi.js';
import { keysQuery, newKeyRequest, rotationRequest } from './requests.js';

const tag = 'Keys';
const perSecond = z.int().min(1).nullable();
const NO_KEY = { 404: { key_not_found: 'There is no such key, or it is none of yours.' } };

const fields = {
  id: uuid,
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  customer_id: z.string().nullable().meta({ description: "null: the operator's." }),
  user_id: z.string().nullable().meta({ description: 'The user that it acts for; null: none in particular.' }),
  limits: z.strictObject({ requests_per_second: perSecond, events_per_second: perSecond }),
  prefix: z.string().meta({ description: 'How the key begins, to tell it by.' }),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable().meta({ description: 'Up to a few seconds behind.' }),
  revoked_at: time.nullable(),
};
const example = { id: '0b5c7e1e-3f1c-4f0e-9d61-0a4ad7a4f7aa', name: 'gateway', scopes: ['ingest'], customer_id: null, user_id: null, limits: { requests_per_second: 50, events_per_second: 5000 }, prefix: 'll_Zk3xQ9ab', created_at: '2026-01-15T10:30:00.000Z', expires_at: null, last_used_at: null, revoked_at: null };

const key = z.strictObject(fields).meta({ id: 'Key', description: 'A key, without its text.', examples: [example] });
const keyWithText = z
  .strictObject({ ...fields, key: z.string().meta({ description: 'What to send. It is shown this once and stored as a hash.' }) })
  .meta({ id: 'KeyWithText', description: 'The new key, with its text.', examples: [{ ...example, key: 'll_Zk3xQ9ab_0123456789abcdefghijklmnopqrstuvwx' }] });

export const createKeyDoc = repeatable({
  id: 'createKey',
  summary: 'Make a key',
  description: 'It opens everywhere within a second.',
  tag,
  body: newKeyRequest,
  answers: { 201: keyWithText },
  problems: { ...INVALID, ...NO_CUSTOMER },
});

export const listKeysDoc: RouteDoc = { id: 'listKeys', summary: 'List keys', tag, query: keysQuery, answers: { 200: pageOf(key) }, problems: { ...INVALID, ...NO_CUSTOMER } };

export const rotateKeyDoc = repeatable({
  id: 'rotateKey',
  summary: 'Replace a key',
  description: 'Makes a key with the same rights. The old one opens for `overlap_seconds` more, a day unless told.',
  tag,
  params: { id: uuid },
  body: rotationRequest,
  bodyOptional: true,
  answers: { 201: keyWithText },
  problems: { ...INVALID, ...NO_KEY, 409: { key_not_active: 'It is revoked or expired.' } },
});

export const revokeKeyDoc: RouteDoc = {
  id: 'revokeKey',
  summary: 'Revoke a key',
  description: 'It stops opening everywhere within a second. To revoke it again is no error.',
  tag,
  params: { id: uuid },
  answers: { 204: null },
  problems: { ...NO_KEY, 409: { last_admin_key: 'It is the last admin key of the operator that does not expire: without it nobody could make another.' } },
};
