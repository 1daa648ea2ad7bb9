import { readFileSync } from 'node:fs';

/** What routes are listed under, in this order. */
export const API_TAGS = [
  { name: 'Events', description: 'What was used. An event is counted once, however often it is sent.' },
  { name: 'Corrections', description: 'What an event should have been, and money given back.' },
  { name: 'Summaries', description: 'Sums of usage and cost.' },
  { name: 'Quotas', description: 'Limits for a calendar month (UTC).' },
  { name: 'Alerts', description: 'Who crossed which threshold.' },
  { name: 'Quarantine', description: 'What could not be counted and was held back, whole.' },
  { name: 'Customers and projects', description: 'Whose usage it is.' },
  { name: 'Keys', description: 'What everything is opened with.' },
  { name: 'Users', description: 'Users of an identity provider, and whose they are.' },
  { name: 'Administrative log', description: 'Who changed what.' },
  { name: 'Other APIs', description: 'Routes that programs written for other usage APIs know. Their errors look as those APIs have them.' },
  { name: 'Health', description: 'Without a key.' },
] as const;

const text = (schema: object = { type: 'object' }) => ({ 'application/json': { schema } });
const readiness = (status: string) => ({
  description: status === 'ready' ? 'All of them are.' : 'Not all of them are; it names which.',
  content: text({
    type: 'object',
    required: ['status', 'services'],
    properties: { status: { const: status }, services: { type: 'object', additionalProperties: { type: 'object', required: ['ready'], properties: { ready: { type: 'boolean' }, detail: {} } } } },
  }),
});

/** Everything that no single route says. */
export const API = {
  openapi: '3.1.1',
  info: {
    title: 'Ledgerline',
    version: '1',
    summary: 'Every API and model call recorded once, priced exactly, held against quotas.',
    description: readFileSync(new URL('../introduction.md', import.meta.url), 'utf8'),
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/', description: 'Where this document comes from.' }],
  security: [{ bearer: [] }, { apiKey: [] }],
  paths: {
    '/healthz': {
      get: {
        operationId: 'getHealth',
        summary: 'Whether it runs',
        tags: ['Health'],
        security: [],
        responses: { 200: { description: 'The one address of the API answers.', content: text({ type: 'object', required: ['status', 'service'], properties: { status: { const: 'ok' }, service: { type: 'string' } } }) } },
      },
    },
    '/readyz': {
      get: { operationId: 'getReadiness', summary: 'Whether every service is ready', tags: ['Health'], security: [], responses: { 200: readiness('ready'), 503: readiness('not_ready') } },
    },
    '/openapi.json': {
      get: { operationId: 'getApiDescription', summary: 'This document', tags: ['Health'], security: [], responses: { 200: { description: 'OpenAPI 3.1.', content: text({ type: 'object', required: ['openapi', 'paths'] }) } } },
    },
  },
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A key, or a token (JWT) of the identity provider.' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same, in a header of its own.' },
    },
  },
};
