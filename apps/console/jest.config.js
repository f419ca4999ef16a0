const base = require('../../jest.with-servers');

// As for all projects, with pages written as TSX, and Preact, which is published as ES modules only.
const [pattern, [swc, options]] = Object.entries(base.transform)[0];
const tsx = structuredClone(options);
tsx.jsc.parser.tsx = true;
tsx.jsc.transform.react = { runtime: 'automatic', importSource: 'preact' };

module.exports = {
  ...base,
  transform: { [pattern]: [swc, options], '^.+\\.tsx$': [swc, tsx], '^.+\\.mjs$': [swc, options] },
  transformIgnorePatterns: base.transformIgnorePatterns.map((each) => each.replace('(?!', '(?!preact/|')),
};
