import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import redos from 'eslint-plugin-redos';
import tseslint from 'typescript-eslint';

/** The tenant's subjects, from the top: one may use those below it, and all may use the floor. */
const SUBJECTS = ['transfer', 'manage', 'signIn', 'limits', 'delivery', 'groups', 'users', 'access', 'applications'];
/** What all subjects share, from the top, in the same way. */
const FLOOR = ['http', 'outgoing', 'validation', 'hashing', 'database', 'postgres'];
const TENANT = './packages/tenant/src';
const CONTRACT = './packages/contract/src';

/** Forbids what is above in a list to what is below it. */
const downwards = (root, folders) =>
  folders.slice(1).map((folder, place) => ({
    target: `${root}/${folder}`,
    from: folders.slice(0, place + 1).map((above) => `${root}/${above}`),
    message: `An arrow runs down, never up: ${folders.join(' > ')}.`,
  }));

const ARROWS = [
  ...downwards(TENANT, [...SUBJECTS, ...FLOOR]),
  ...downwards(CONTRACT, ['signIn', 'groups', 'users', 'access', 'applications', 'schema']),
  // tenant.ts alone puts subjects together.
  {
    target: [...SUBJECTS, ...FLOOR].map((folder) => `${TENANT}/${folder}`),
    from: ['tenant', 'run', 'main', 'config'].map((file) => `${TENANT}/${file}.ts`),
    message: 'What puts the tenant together is used by nothing that it puts together.',
  },
  ...SUBJECTS.flatMap((subject) => {
    const layer = (name) => [`${TENANT}/${subject}/${name}`, `${TENANT}/${subject}/${name}.ts`];
    const message = 'Routes use store and rules, store uses rules, rules use nothing but rules and the contract.';
    return [
      {
        target: layer('rules'),
        from: TENANT,
        except: [...SUBJECTS.map((one) => `./${one}/rules`), './errors.ts'],
        message,
      },
      { target: layer('store'), from: layer('routes'), message },
      { target: layer('search'), from: [...layer('routes'), ...layer('store')], message },
    ];
  }),
];

/** A regular expression must match any text in linear time, since the text may come from an attacker. */
const LINEAR_TIME = {
  plugins: { redos },
  rules: {
    'redos/no-vulnerable': ['error', { ignoreErrors: false, timeout: 60_000 }],
    'no-restricted-syntax': [
      'error',
      {
        selector: "CallExpression[callee.property.name='normalize']",
        message: 'Unicode normalization takes quadratic time: call normalized(), which checks the length first.',
      },
    ],
  },
};
const NODE = 'packages/n8n-nodes-mosaic';

export default tseslint.config(
  {
    ignores: ['playground/.n8n/**', '**/dist/**', '**/node_modules/**', 'bench/peers/**/*.mjs'],
  },
  { files: ['packages/**/*.ts'], ignores: ['**/test/**'], ...LINEAR_TIME },
  {
    files: ['**/schema/normalized.ts', `${NODE}/**/normalized.ts`],
    rules: { 'no-restricted-syntax': 'off' },
  },
  // The other rules for the node's sources are n8n's own: `npm run lint --workspace n8n-nodes-mosaic`.
  { files: [`${NODE}/**/*.ts`], languageOptions: { parser: tseslint.parser } },
  { ...js.configs.recommended, ignores: [`${NODE}/**`] },
  {
    files: ['**/*.ts'],
    ignores: [`${NODE}/**`],
    plugins: { 'import-x': importX },
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: ARROWS }],
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
