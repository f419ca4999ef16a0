// TypeScript is compiled by swc; workspace libraries are read from their sources
// through the "@coldroom/source" export condition.
// NestJS 12, and node-pg-migrate with what it needs, are published as ES modules only: their files are compiled to CommonJS too.
const esModules = [
  '@nestjs/',
  'node-pg-migrate/',
  'glob/',
  'jiti/',
  'minimatch/',
  'minipass/',
  'path-scurry/',
  'lru-cache/',
  'brace-expansion/',
  'balanced-match/',
  '@tus/',
  'srvx/',
];

module.exports = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@coldroom/source', 'node', 'node-addons'] },
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  testTimeout: 60_000,
  transformIgnorePatterns: [`/node_modules/(?!${esModules.join('|')})`],
  transform: {
    '^.+\\.[tj]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
};
