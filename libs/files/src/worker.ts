import { onStep, type Step } from '@coldroom/domain';
import { workerData } from 'piscina';
import { Claim } from './claim';
import { copy, type CopyTask } from './copy';
import { dress, type DressTask } from './dress';
import { EndOfBatch, failureOf, type Failure } from './failures';
import { hash, type HashTask } from './hash';
import { inspect, type InspectTask } from './inspect';
import { seal, type SealTask } from './seal';
import { Trees } from './trees';
import type { Bounds } from './wire';

/** Entry of the worker threads; each task is one batch, its file system calls block this thread only. */
export type WorkerTask =
  | { readonly verb: 'inspect'; readonly task: InspectTask }
  | { readonly verb: 'hash'; readonly task: HashTask }
  | { readonly verb: 'copy'; readonly task: CopyTask }
  | { readonly verb: 'dress'; readonly task: DressTask }
  | { readonly verb: 'seal'; readonly task: SealTask };
export type WorkerAnswer = { readonly ok: unknown } | { readonly failed: Failure };

listenForDrills((workerData ?? {}) as { crashAt?: string; freezeAt?: string });

module.exports = async ({ verb, task, deadline, progress }: WorkerTask & Bounds): Promise<WorkerAnswer> => {
  const claim = new Claim(deadline, progress);
  const trees = new Trees();
  try {
    switch (verb) {
      case 'inspect': return { ok: inspect(task, trees) };
      case 'hash': return { ok: await hash(task, claim, trees) };
      case 'copy': return { ok: await copy(task, claim, trees) };
      case 'dress': return { ok: dress(task, claim, trees) };
      case 'seal': return { ok: seal(task, claim, trees) };
    }
  } catch (error) {
    return { failed: failureOf(error instanceof EndOfBatch ? error.reason : error) };
  } finally {
    trees.close();
  }
};

/** For drills: `copy:3-written:2` kills or freezes the process when that step is done for the second time in this thread. */
function listenForDrills({ crashAt, freezeAt }: { readonly crashAt?: string; readonly freezeAt?: string }): void {
  const drills = ([['SIGKILL', crashAt], ['SIGSTOP', freezeAt]] as const).flatMap(([signal, where]) => {
    const [, name, times = '1'] = /^([^:]+:[^:]+)(?::(\d+))?$/.exec(where ?? '') ?? [];
    return name ? [{ signal, name, left: Number(times) }] : [];
  });
  if (drills.length === 0) return;
  onStep((done: Step) => {
    for (const drill of drills) if (done === drill.name && --drill.left === 0) process.kill(process.pid, drill.signal);
  });
}
