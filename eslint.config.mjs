import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const may = (sourceTag, ...onlyDependOnLibsWithTags) => ({ sourceTag, onlyDependOnLibsWithTags });

/** Who may import whom (docs/ARCHITECTURE.md says why). */
const boundaries = [
  may('type:kernel'),
  may('type:domain', 'type:kernel', 'type:domain'),
  may('type:contracts', 'type:kernel'),
  may('type:platform', 'type:kernel', 'type:contracts', 'type:platform'),
  may('type:service', 'type:kernel', 'type:domain', 'type:contracts', 'type:platform'),
  may('type:tool', 'type:kernel', 'type:domain', 'type:contracts', 'type:platform', 'type:tool'),
  may('type:testing', 'type:kernel', 'type:domain', 'type:contracts', 'type:platform', 'type:tool', 'type:testing'),
];

export default [
  { ignores: ['**/dist/**', '**/node_modules/**', '**/gen/**', '.ledgerline/**', '.nx/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: boundaries, banTransitiveDependencies: false, enforceBuildableLibDependency: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': ['error', { depConstraints: boundaries.map((rule) => ({ ...rule, onlyDependOnLibsWithTags: [...rule.onlyDependOnLibsWithTags, 'type:testing'] })) }] },
  },
  {
    files: ['libs/domain/**/*.ts', 'libs/kernel/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\.{1,2}/|@ledgerline/)', message: 'The domain imports no framework, driver or node module.' }] }],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setTimeout', 'setInterval', 'Date'],
    },
  },
  {
    files: ['services/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  { files: ['tools/**', 'deploy/**', 'bench/**', 'libs/testing/**'], rules: { 'no-console': 'off' } },
];
