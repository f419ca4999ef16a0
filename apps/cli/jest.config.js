// Each spec file has databases of its own, and most of them wait more than they compute.
module.exports = { ...require('../../jest.with-servers'), maxWorkers: 2 };
