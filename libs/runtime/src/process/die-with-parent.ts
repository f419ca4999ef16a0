import { spawnSync } from 'node:child_process';

let available: boolean | undefined;

/**
 * The words to put before a command so that the kernel sends it a signal when this process dies, even by kill -9. Empty
 * if util-linux's setpriv is missing (macOS): there a killed parent leaves its children running. The child must be
 * spawned by the main thread, because the kernel watches the thread that spawned it.
 */
export function dieWithParent(signal: 'KILL' | 'TERM' | 'INT'): readonly string[] {
  available ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
  return available ? ['setpriv', '--pdeathsig', signal] : [];
}
