// For tests that need a PostgreSQL and a Redis: TEST_POSTGRES_URL and TEST_REDIS_URL where they are set, else servers of our own.
module.exports = {
  ...require('./jest.preset'),
  // Each spec file has databases of its own, and waits for the servers more than it computes.
  maxWorkers: 2,
  globalSetup: require.resolve('./test/support/local/jest/setup.mjs'),
  globalTeardown: require.resolve('./test/support/local/jest/teardown.mjs'),
};
