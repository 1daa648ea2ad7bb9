import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { adminLogQuery } from './admin-log-query.js';
import { INVALID, pageOf, time, uuid } from './answers.openapi.js';

const state = z.record(z.string(), z.unknown()).nullable();

const entry = z
  .strictObject({
    id: uuid,
    at: time,
    actor_type: z.enum(['key', 'user', 'system']),
    actor: z.string().nullable().meta({ description: 'The id of a key, or the subject of a token; null: the system itself.' }),
    action: z.string(),
    object_type: z.string(),
    object: z.string(),
    customer_id: z.string().nullable(),
    before: state.meta({ description: 'Without secrets; null: it was not there.' }),
    after: state.meta({ description: 'Without secrets; null: it is gone.' }),
    trace_id: z.string().nullable(),
  })
  .meta({
    id: 'AdminLogEntry',
    description: 'One administrative change.',
    examples: [
      {
        id: '0b5c7e1e-3f1c-7f0e-9d61-0a4ad7a4f7aa', at: '2026-01-15T10:30:00.123456Z', actor_type: 'key', actor: '5f0c2a44-9d0e-7b52-8a63-1f2f0d5f3c11', action: 'customer.created', object_type: 'customer',
        object: 'acme', customer_id: 'acme', before: null, after: { name: 'Acme', created_by: 'admin' }, trace_id: null,
      },
    ],
  });

export const listAdminLogDoc: RouteDoc = {
  id: 'listAdminLog',
  summary: 'List administrative changes',
  description: 'Of every service, newest first. Corrections are events: their history says who asked for them.',
  tag: 'Administrative log',
  query: adminLogQuery,
  answers: { 200: pageOf(entry, z.string()) },
  problems: INVALID,
};
