// TypeScript is compiled by swc; workspace libraries are read from their sources
// through the "@coldroom/source" export condition.
// NestJS 12 is published as ES modules only: its files are compiled to CommonJS too.
module.exports = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@coldroom/source', 'node', 'node-addons'] },
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  testTimeout: 60_000,
  transformIgnorePatterns: ['/node_modules/(?!@nestjs/)'],
  transform: {
    '^.+\\.[tj]s$': ['@swc/jest', {
      jsc: {
        target: 'es2023',
        keepClassNames: true,
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'commonjs' },
    }],
  },
};
