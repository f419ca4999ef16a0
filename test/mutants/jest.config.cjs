const linker = require('../../apps/linker/jest.config');

const [[pattern, [, options]]] = Object.entries(linker.transform);

module.exports = {
  ...linker,
  rootDir: '../../apps/linker',
  transform: { [pattern]: [require.resolve('./transform.cjs'), options] },
};
