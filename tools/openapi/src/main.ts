import { writeFileSync } from 'node:fs';
import { WholeStack } from '@ledgerline/local-stack';
import { apiDocument } from './api-document.js';
import { documentText, OPENAPI_FILE } from './openapi-file.js';
import { readParts } from './read-parts.js';

/** Writes docs/openapi.json anew, from the routes of a running stack. */
const stack = new WholeStack('openapi');
try {
  await stack.start();
  writeFileSync(OPENAPI_FILE, documentText(apiDocument(await readParts(stack))));
} finally {
  await stack.dispose();
}
