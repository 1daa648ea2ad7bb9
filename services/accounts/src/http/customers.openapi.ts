import { repeatable } from '@ledgerline/administration';
import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { INVALID, pageOf, time } from './answers.openapi.js';
import { customersQuery, newCustomerRequest } from './requests.js';

const tag = 'Customers and projects';

const customer = z
  .strictObject({ customer_id: z.string(), name: z.string().nullable(), created_by: z.enum(['admin', 'event']).meta({ description: 'By hand, or by its first event.' }), created_at: time })
  .meta({ id: 'Customer', description: 'A customer.', examples: [{ customer_id: 'acme', name: 'Acme Corporation', created_by: 'admin', created_at: '2026-01-15T10:30:00.000Z' }] });

export const createCustomerDoc = repeatable({
  id: 'createCustomer',
  summary: 'Make a customer',
  description: 'A customer need not be made: its first event does so, too.',
  tag,
  body: newCustomerRequest,
  answers: { 201: customer },
  problems: { ...INVALID, 409: { customer_exists: 'There is one of this id.' } },
});

export const listCustomersDoc: RouteDoc = { id: 'listCustomers', summary: 'List customers', description: "A customer's key sees that one.", tag, query: customersQuery, answers: { 200: pageOf(customer, z.string()) }, problems: INVALID };
