import { fileURLToPath } from 'node:url';
import { type ApiDocument } from './api-document.js';

/** Where the document is kept. */
export const OPENAPI_FILE = fileURLToPath(new URL('../../../docs/openapi.json', import.meta.url));

export const documentText = (document: ApiDocument): string => `${JSON.stringify(document, null, 1)}\n`;
