// Each spec file has servers and services of its own; two at a time keep two cores busy while drills wait for leases.
module.exports = {
  ...require('../../jest.preset'),
  testTimeout: 120_000,
  maxWorkers: 2,
  setupFilesAfterEnv: ['<rootDir>/jest/retry.js'],
  globalSetup: '<rootDir>/jest/setup.mjs',
  globalTeardown: '<rootDir>/jest/teardown.mjs',
};
