import { globSync, readFileSync } from 'node:fs';

/** Every workspace project by name, resolved to its source, so that tests run what is in the tree. */
const projects = Object.fromEntries(
  globSync(['libs/*/package.json', 'libs/*/*/package.json', 'services/*/package.json', 'deploy/local/package.json', 'tools/*/package.json', 'bench/package.json']).map(
    (file) => [
      `^${JSON.parse(readFileSync(file, 'utf8')).name}$`,
      `<rootDir>/${file.replace('package.json', 'src/index.ts')}`,
    ],
  ),
);

const swc = JSON.parse(readFileSync('.swcrc', 'utf8'));
delete swc.exclude;
delete swc.$schema;

export default {
  rootDir: '.',
  testEnvironment: 'node',
  // Not the whole folder: the data of a running stack is in it, too.
  roots: ['libs', 'services', 'deploy', 'tools', 'bench'].map((folder) => `<rootDir>/${folder}`),
  testMatch: ['<rootDir>/{libs,services,deploy,tools,bench}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  moduleNameMapper: { ...projects, '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/libs/testing/dist/jest/global-setup.js',
  globalTeardown: '<rootDir>/libs/testing/dist/jest/global-teardown.js',
  testTimeout: 60_000,
  maxWorkers: 2,
  workerIdleMemoryLimit: '600MB',
};
