// Deletes the linker's statements one by one and runs the tests that reach them: a statement whose loss no test notices is
// a missing test, or needless. Names of files (`swap.ts`) limit the run.
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import startServers from '../../libs/local/jest/setup.mjs';
import stopServers from '../../libs/local/jest/teardown.mjs';
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

async function survivorsIn(file, statements) {
  const groups = await specsOf(file);
  for (const specs of groups) if (!(await pass(specs))) throw new Error(`Fails as it is: ${specs.join(' ')}`);
  const survivors = [];
  for (const statement of statements) {
    if (!(await isNoticed(file, statement, groups))) survivors.push(statement);
  }
  return survivors;
}

async function isNoticed(file, { start, end }, groups) {
  for (const specs of groups) if (!(await pass(specs, { file, start, end }))) return true;
  return false;
}

/** Prints what came of one file; returns how many of its statements should have been noticed, and were not. */
function report(file, statements, survivors, allowed) {
  const name = basename(file);
  console.log(`${name}: noticed ${statements.length - survivors.length} of ${statements.length}`);
  let unexplained = 0;
  for (const { line, text } of survivors) {
    const known = allowed.some((each) => each.file === name && each.statement === text);
    if (!known) unexplained += 1;
    console.log(`  line ${line}${known ? ' (allowed)' : ''}: ${text}`);
  }
  return unexplained;
}

async function main(names) {
  const files = filesNamed(names);
  const allowed = allowedStatements();
  let unexplained = 0;
  for (const file of files) {
    const statements = statementsOf(readFileSync(file, 'utf8'));
    unexplained += report(file, statements, await survivorsIn(file, statements), allowed);
  }
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
