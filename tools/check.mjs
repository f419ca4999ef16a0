// What to run before each commit: format, lint, types and the tests that need no servers, two steps at a time. The output of a
// step is printed when it ends; after a failure the other steps still run.
import { execFile } from 'node:child_process';

const lanes = [
  ['format:check', 'lint'],
  ['types', 'test:fast'],
];

const started = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(0)} s`;

function run(script) {
  const from = performance.now();
  return new Promise((resolve) => {
    execFile('npm', ['run', '--silent', script], { maxBuffer: 1 << 26 }, (failure, stdout, stderr) => {
      if (failure) console.error(`${stdout}${stderr}`.trimEnd());
      console.log(`${script}: ${failure ? 'FAILED' : 'ok'} (${seconds(from)})`);
      resolve(failure === null);
    });
  });
}

async function runInOrder(scripts) {
  const results = [];
  for (const script of scripts) results.push(await run(script));
  return results;
}

const results = (await Promise.all(lanes.map(runInOrder))).flat();
console.log(`${results.every(Boolean) ? 'all right' : 'NOT all right'} after ${seconds(started)}`);
if (!results.every(Boolean)) process.exitCode = 1;
