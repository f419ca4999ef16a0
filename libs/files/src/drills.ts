import { onStep, type Step } from '@coldroom/domain';

export interface Drills {
  readonly crashAt?: string | undefined;
  readonly freezeAt?: string | undefined;
}

/** For drills: `copy:3-written:2` kills or freezes the process when that step is done for the second time in this thread. */
export function listenForDrills({ crashAt, freezeAt }: Drills): void {
  const drills = (
    [
      ['SIGKILL', crashAt],
      ['SIGSTOP', freezeAt],
    ] as const
  ).flatMap(([signal, where]) => {
    const [, name, times = '1'] = /^([^:]+:[^:]+)(?::(\d+))?$/.exec(where ?? '') ?? [];
    return name ? [{ signal, name, left: Number(times) }] : [];
  });
  if (drills.length === 0) return;
  onStep((done: Step) => {
    for (const drill of drills) if (done === drill.name && --drill.left === 0) process.kill(process.pid, drill.signal);
  });
}
