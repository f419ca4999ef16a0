// Runs the tests of all projects that need no servers: those whose jest configuration starts none. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

/** Their tests start servers themselves. */
const slow = ['test/demo', 'test/support/local'];

const require = createRequire(import.meta.url);
const projects = globSync('{libs,apps,test,test/support}/*/jest.config.js')
  .filter((config) => !require(resolve(config)).globalSetup)
  .map(dirname)
  .filter((project) => !slow.includes(project) && globSync('src/**/*.spec.ts', { cwd: project }).length > 0)
  .sort();

console.log(`tests without servers: ${projects.join(', ')}`);
const { status } = spawnSync('jest', ['--projects', ...projects, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
