// Deletes the linker's statements one by one and runs the tests that reach them: a statement whose loss no test notices is
// a missing test, or needless. Names of files (`replace-original.ts`) limit the run.
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import startServers from '../support/local/jest/setup.mjs';
import stopServers from '../support/local/jest/teardown.mjs';
import { allowedStatements } from './allowed.mjs';
import { pass, specsOf } from './jest-runs.mjs';
import { statementsOf } from './statements.mjs';

const linker = fileURLToPath(new URL('../../apps/linker/src', import.meta.url));
const hasNothingToDelete = /\.spec\.ts$|\.module\.ts$|\/testing\/|\/main\.ts$/;

function filesNamed(names) {
  const all = globSync(`${linker}/**/*.ts`)
    .filter((file) => !hasNothingToDelete.test(file))
    .sort();
  const unknown = names.filter((name) => !all.some((file) => basename(file) === name));
  if (unknown.length > 0) throw new Error(`No such file below apps/linker/src: ${unknown.join(', ')}`);
  return names.length === 0 ? all : all.filter((file) => names.includes(basename(file)));
}

/** Deletes each statement of a file in turn, and prints those that no test misses; returns how many of them have no reason. */
async function tryFile(file, allowed) {
  const name = basename(file);
  const statements = statementsOf(readFileSync(file, 'utf8'));
  const groups = await specsOf(file);
  await expectPassing(groups.flat());
  let survivors = 0;
  let unexplained = 0;
  for (const { start, end, line, text } of statements) {
    if (await isNoticed({ file, start, end }, groups)) continue;
    const known = allowed.some((each) => each.file === name && each.statement === text);
    survivors += 1;
    unexplained += known ? 0 : 1;
    console.log(`  ${name}:${line}${known ? ' (allowed)' : ''}: ${text}`);
  }
  console.log(`${name}: noticed ${statements.length - survivors} of ${statements.length}`);
  return unexplained;
}

const passing = new Set();

/** A test that fails anyway would notice everything. Each is asked once a run. */
async function expectPassing(specs) {
  const unknown = specs.filter((spec) => !passing.has(spec));
  if (unknown.length > 0 && !(await pass(unknown))) throw new Error(`Fails as it is: ${unknown.join(' ')}`);
  for (const spec of unknown) passing.add(spec);
}

/** The nearest tests run first, and the others only where those pass. */
async function isNoticed(mutant, groups) {
  for (const specs of groups) if (!(await pass(specs, mutant))) return true;
  return false;
}

async function main(names) {
  const allowed = allowedStatements();
  let unexplained = 0;
  for (const file of filesNamed(names)) unexplained += await tryFile(file, allowed);
  return unexplained > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => void stopServers().finally(() => process.exit(130)));
await startServers();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  await stopServers();
}
