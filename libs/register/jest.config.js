// One spec file at a time: the cursor over events waits for every open transaction of the server, those of other databases too.
module.exports = { ...require('../../jest.with-servers'), maxWorkers: 1 };
