import { spawn } from 'node:child_process';
import type { RunningService } from '@coldroom/runtime/process';

/**
 * Makes the kernel answer system calls of a running service differently, by strace, until `end` is called; with `paths`
 * only those on them.
 */
export async function tamperWith(
  service: RunningService,
  inject: string,
  paths: readonly string[] = [],
): Promise<{ readonly end: () => Promise<void> }> {
  const strace = spawn(
    'strace',
    [
      '-f',
      '-o',
      '/dev/null',
      '-e',
      `inject=${inject}`,
      ...paths.flatMap((path) => ['-P', path]),
      '-p',
      String(service.pid),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => {
    strace.once('exit', () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    strace.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('attached')) resolve();
    });
    strace.once('exit', (code) => reject(new Error(`strace ended with ${code}: ${said}`)));
  });
  return {
    end: async () => {
      strace.kill('SIGINT');
      await ended;
    },
  };
}
