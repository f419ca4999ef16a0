module.exports = {
  ...require('../../jest.preset'),
  globalSetup: '../../libs/local/jest/setup.mjs',
  globalTeardown: '../../libs/local/jest/teardown.mjs',
};
