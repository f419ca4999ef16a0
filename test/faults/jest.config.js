const preset = require('../../jest.preset');

// node-pg-migrate and what it needs are published as ES modules only.
const esm = ['@nestjs/', 'node-pg-migrate/', 'glob/', 'jiti/', 'minimatch/', 'minipass/', 'path-scurry/', 'lru-cache/', 'brace-expansion/', 'balanced-match/'];

// Each spec file has servers and services of its own; two at a time keep two cores busy while drills wait for leases.
module.exports = {
  ...preset,
  testTimeout: 120_000,
  maxWorkers: 2,
  transformIgnorePatterns: [`/node_modules/(?!${esm.join('|')})`],
};
