module.exports = {
  ...require('../../jest.preset'),
  globalSetup: '../local/jest/setup.mjs',
  globalTeardown: '../local/jest/teardown.mjs',
};
