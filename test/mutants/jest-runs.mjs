import { spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const jest = fileURLToPath(new URL('../../node_modules/.bin/jest', import.meta.url));
const config = fileURLToPath(new URL('jest.config.cjs', import.meta.url));
const timeout = 600_000;

/** The spec files that reach a source file, nearest first: those named after it, those beside it, and the others. */
export async function specsOf(file) {
  const { output } = await runJest(['--listTests', '--findRelatedTests', file]);
  const specs = output.split('\n').filter((line) => line.endsWith('.spec.ts'));
  const stem = basename(file, '.ts').replace(/\.stage$/, '');
  const distance = (spec) => {
    if (basename(spec).split(/[.-]/)[0] === stem || basename(spec).startsWith(`${stem}.`)) return 0;
    return dirname(spec) === dirname(file) ? 1 : 2;
  };
  return [0, 1, 2].map((step) => specs.filter((spec) => distance(spec) === step)).filter((group) => group.length > 0);
}

/** Whether all these spec files pass. A run that never ends counts as one that fails. */
export async function pass(specs, mutant) {
  const { code } = await runJest(['--bail', '--runInBand', '--silent', '--runTestsByPath', ...specs], mutant);
  return code === 0;
}

function runJest(options, mutant = null) {
  const child = spawn(jest, ['--config', config, ...options], {
    env: { ...process.env, MUTANT: JSON.stringify(mutant) },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout,
    killSignal: 'SIGKILL',
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('exit', kill);
      resolve({ code, output });
    });
  });
}
