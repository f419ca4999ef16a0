// Runs the tests of storage in full: file systems and what they lack, as tree and as store, and calls that fail or hang.
// `npm test` runs a short form of them. Arguments go to jest.
import { spawnSync } from 'node:child_process';

const parts = {
  'test/support/odd-fs': ['src'],
  'libs/files': ['src/odd-fs.spec.ts', 'src/mounted.spec.ts', 'src/probe'],
  'libs/stores': ['src/file'],
  'apps/linker': ['src/paths/without-exchange.spec.ts'],
  'test/faults': ['src/storage'],
};

const failed = Object.entries(parts).filter(([cwd, tests]) => {
  const options = { cwd, stdio: 'inherit', env: { ...process.env, TEST_STORAGE: 'all' } };
  return spawnSync('jest', ['--ci', '--verbose', ...tests, ...process.argv.slice(2)], options).status !== 0;
});
if (failed.length > 0) {
  console.error(`failed: ${failed.map(([project]) => project).join(', ')}`);
  process.exitCode = 1;
}
