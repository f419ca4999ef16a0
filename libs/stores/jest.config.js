// The S3 store is tested on a real server: TEST_S3 where it is set, else one of our own.
module.exports = {
  ...require('../../jest.preset'),
  globalSetup: require.resolve('../../test/support/local/jest/s3-setup.mjs'),
  globalTeardown: require.resolve('../../test/support/local/jest/s3-teardown.mjs'),
};
