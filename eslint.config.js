import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// The node's own sources follow n8n's rules instead: `npm run lint --workspace n8n-nodes-mosaic`.
export default tseslint.config(
  {
    ignores: ['playground/.n8n/**', '**/dist/**', '**/node_modules/**', 'packages/n8n-nodes-mosaic/**'],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-condition': 'error',
      // Fastify, ajv and the contract's formats hand out methods that use no `this`.
      '@typescript-eslint/unbound-method': 'off',
      // Profile fields are refused for control characters, which takes naming them.
      'no-control-regex': 'off',
    },
  },
  {
    files: ['**/test/**/*.ts', 'test/**/*.ts', 'e2e/**/*.ts'],
    rules: {
      // An answer's body is whatever came over the wire; each test says what it expects of it.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
