export { installApiDocs } from './install-api-docs.js';
