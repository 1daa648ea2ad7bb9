export { type ApiDocument, apiDocument, type Operation } from './api-document.js';
export { type Answer, Conformance } from './conformance.js';
export { documentText, OPENAPI_FILE } from './openapi-file.js';
export { readParts } from './read-parts.js';
