export * from './fingerprint.js';
export * from './identity.js';
export * from './limits.js';
export * from './mask-keys.js';
export * from './timestamp.js';
