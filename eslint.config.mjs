// Which project may import which. Each package.json names its type and scope (nx.tags) and its dependencies; this file turns
// them into rules, so that a new dependency is a line in a package.json that a reviewer sees.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

// Without its graph of the projects the rule on boundaries is skipped with a warning: lint in one project must not depend
// on nx having run before.
process.env.NX_DAEMON ??= 'false';
await createProjectGraphAsync({ exitOnError: false, resetDaemonClient: true });

const here = dirname(fileURLToPath(import.meta.url));
const projects = globSync('{{libs,apps,test}/*,test/support/*}/package.json', { cwd: here }).map((path) => {
  const {
    name,
    nx: { tags },
    dependencies = {},
  } = JSON.parse(readFileSync(join(here, path), 'utf8'));
  const tagged = (kind) => tags.find((tag) => tag.startsWith(`${kind}:`))?.slice(kind.length + 1);
  return { name, folder: dirname(path), type: tagged('type'), scope: tagged('scope'), uses: Object.keys(dependencies) };
});
const foldersOf = (...types) => projects.filter(({ type }) => types.includes(type)).map(({ folder }) => folder);

/** Packages that only these scopes may import. What is below `test` may import any. */
const packageScopes = {
  pg: ['postgres', 'register', 'omero'],
  'pg-cursor': ['register', 'omero'],
  'node-pg-migrate': ['register'],
  '@bull-board/api': ['console'],
  '@bull-board/express': ['console'],
  '@bull-board/nestjs': ['console'],
  '@nestjs/bullmq': ['pipeline', 'notifier', 'importer'],
  bullmq: ['pipeline', 'notifier', 'importer'],
  nodemailer: ['mail'],
  mustache: ['mail'],
  ioredis: ['pipeline'],
  koffi: ['files'],
  piscina: ['files', 'stores'],
  minio: ['stores'],
  '@tus/server': ['console'],
  '@tus/file-store': ['console'],
  'tus-js-client': ['agent'],
};
const reachableTypes = { domain: [], lib: ['domain', 'lib'], app: ['domain', 'lib'] };

function boundaryOf({ type, scope, uses }) {
  if (type.startsWith('test')) return freeBoundaryOf({ scope });
  const allowed = projects.filter((other) => uses.includes(other.name) && reachableTypes[type].includes(other.type));
  return {
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: allowed.map((other) => `scope:${other.scope}`),
    ...(type === 'domain' ? { allowedExternalImports: [] } : {}),
    bannedExternalImports: Object.keys(packageScopes).filter((name) => !packageScopes[name].includes(scope)),
  };
}

/** For spec files and for everything below `test`: any library, but no app. */
const freeBoundaryOf = ({ scope }) => ({
  sourceTag: `scope:${scope}`,
  onlyDependOnLibsWithTags: ['type:domain', 'type:lib', 'type:test-support'],
});
const boundaries = (constraint) => [
  'error',
  { enforceBuildableLibDependency: false, depConstraints: projects.map(constraint) },
];

const tests = ['**/*.spec.ts', '**/src/testing/**'];
const product = foldersOf('domain', 'lib', 'app').map((folder) => `${folder}/src/**/*.{ts,tsx}`);
/** Where originals and copies may be moved or removed; each file there is read with that in mind. */
const mayRemove = [
  'libs/files/**',
  'apps/linker/**',
  'libs/operations/src/doctor/try-links.ts',
  // Old dumps, which are in a directory of their own.
  'libs/operations/src/backup/directory-place.ts',
  'libs/operations/src/backup/temporary.ts',
  // Keys of sessions, in a directory of the importers alone.
  'apps/importer/src/attempts/session-keys.ts',
  // What importers that are gone left there.
  'apps/importer/src/state/leftovers.ts',
  'apps/importer/src/state/work-directory.ts',
  // On workstations: the agent's own records, and copies that are proven to be in OMERO.
  'apps/agent/src/set/records.ts',
  'apps/agent/src/free/free-set.ts',
];
const mayReadEnvironment = ['libs/runtime/**', 'apps/cli/src/environment.ts', 'apps/start/**'];

const removing = '/^(unlink|rm|rmdir|rename)(Sync)?$|^rename(Exchange|NoReplace)(Sync)?$/';
const fileSystem = '/^(node:)?fs(\\u002Fpromises)?$|^@coldroom\\u002Ffiles$/';
const message = 'Only libs/files and apps/linker remove or rename files.';
const removal = [
  `ImportDeclaration[source.value=${fileSystem}] > ImportSpecifier[imported.name=${removing}]`,
  `ExportNamedDeclaration[source.value=${fileSystem}] > ExportSpecifier[local.name=${removing}]`,
  `MemberExpression[property.name=${removing}]`,
  `MemberExpression[computed=true][property.value=${removing}]`,
  `VariableDeclarator > ObjectPattern > Property[key.name=${removing}]`,
].map((selector) => ({ selector, message }));

export default tseslint.config(
  { ignores: ['**/dist/**', '**/*.js', '**/*.cjs', '**/*.mjs', '**/*.d.ts'] },
  ...tseslint.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: here } },
    rules: {
      // Without these, an error of a promise that is not awaited goes unnoticed.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@nx/enforce-module-boundaries': boundaries(boundaryOf),
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
    },
  },
  { files: tests, rules: { '@nx/enforce-module-boundaries': boundaries(freeBoundaryOf) } },
  {
    files: product,
    ignores: tests,
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:process', message: 'Settings come from libs/runtime.' },
            { name: 'process', message: 'Settings come from libs/runtime.' },
            {
              name: '@coldroom/stores',
              importNames: ['openStore', 'openStores'],
              message: 'openConfiguredStores is the one way to open stores: it never leaves out where keys come from.',
            },
          ],
          patterns: [{ group: ['@coldroom/*/testing'], message: 'What serves tests is for tests.' }],
        },
      ],
    },
  },
  {
    files: product,
    ignores: [...tests, ...mayReadEnvironment],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings come from libs/runtime.' },
      ],
    },
  },
  { files: product, ignores: [...tests, ...mayRemove], rules: { 'no-restricted-syntax': ['error', ...removal] } },
  {
    files: ['libs/domain/src/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^[^.]', message: 'The domain imports nothing: time, files and numbers come in as arguments.' },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['process', 'Date', 'fetch', 'setTimeout', 'setInterval', 'console', 'require', 'performance', 'crypto'].map(
          (name) => ({ name, message: 'The domain does no I/O and has no clock.' }),
        ),
      ],
    },
  },
);
