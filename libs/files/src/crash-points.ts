import { onCrashPoint, type CrashPoint } from '@coldroom/domain';

export interface CrashSettings {
  readonly crashAt?: string | undefined;
  readonly freezeAt?: string | undefined;
}

/**
 * For tests: `copy:3-written:2` kills or freezes the process when that step is done for the second time in this thread.
 */
export function listenForCrashPoints({ crashAt, freezeAt }: CrashSettings): void {
  const crashPoints = (
    [
      ['SIGKILL', crashAt],
      ['SIGSTOP', freezeAt],
    ] as const
  ).flatMap(([signal, where]) => {
    const [, name, times = '1'] = /^([^:]+:[^:]+)(?::(\d+))?$/.exec(where ?? '') ?? [];
    return name ? [{ signal, name, left: Number(times) }] : [];
  });
  if (crashPoints.length === 0) return;
  onCrashPoint((done: CrashPoint) => {
    for (const crash of crashPoints)
      if (done === crash.name && --crash.left === 0) process.kill(process.pid, crash.signal);
  });
}
