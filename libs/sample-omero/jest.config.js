module.exports = {
  ...require('../../jest.preset'),
  globalSetup: require.resolve('../local/jest/setup.mjs'),
  globalTeardown: require.resolve('../local/jest/teardown.mjs'),
};
