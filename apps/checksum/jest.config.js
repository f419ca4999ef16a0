const preset = require('../../jest.preset');

// node-pg-migrate and what it needs are published as ES modules only.
const esm = ['@nestjs/', 'node-pg-migrate/', 'glob/', 'jiti/', 'minimatch/', 'minipass/', 'path-scurry/', 'lru-cache/', 'brace-expansion/', 'balanced-match/'];

module.exports = {
  ...preset,
  globalSetup: '../../libs/local/jest/setup.mjs',
  globalTeardown: '../../libs/local/jest/teardown.mjs',
  transformIgnorePatterns: [`/node_modules/(?!${esm.join('|')})`],
};
