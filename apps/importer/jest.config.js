module.exports = require('../../jest.with-servers');
