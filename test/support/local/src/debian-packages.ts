import { spawnSync } from 'node:child_process';

/**
 * Ensures that a program is on PATH: installs its Debian packages if that is possible without a prompt, else the error
 * names the command to run. True if they had to be installed.
 */
export function haveProgram(program: string, packages: readonly string[]): boolean {
  if (onPath(program)) return false;
  const install = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const root = process.getuid?.() === 0;
  const [command = '', ...args] = root ? ['sh', '-c', install] : ['sudo', '-n', 'sh', '-c', install];
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0 && onPath(program)) return true;
  const reason = (result.error?.message ?? result.stderr).trim().split('\n').at(-1) ?? '';
  throw new Error(
    `${program} is not on PATH and could not be installed (${reason}). Install it:\n  ${root ? install : `sudo sh -c '${install}'`}`,
  );
}

function onPath(program: string): boolean {
  return spawnSync(program, ['--version'], { env: process.env, stdio: 'ignore' }).status === 0;
}
