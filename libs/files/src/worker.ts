import { onStep, type Step } from '@coldroom/domain';
import { workerData } from 'piscina';
import { Claim } from './claim';
import { copy, type CopyTask } from './copy';
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
  | { readonly verb: 'seal'; readonly task: SealTask };
export type WorkerAnswer = { readonly ok: unknown } | { readonly failed: Failure };

listenForCrash((workerData as { crashAt?: string } | undefined)?.crashAt);

module.exports = async ({ verb, task, deadline, progress }: WorkerTask & Bounds): Promise<WorkerAnswer> => {
  const claim = new Claim(deadline, progress);
  const trees = new Trees();
  try {
    switch (verb) {
      case 'inspect': return { ok: inspect(task, trees) };
      case 'hash': return { ok: await hash(task, claim, trees) };
      case 'copy': return { ok: await copy(task, claim, trees) };
      case 'seal': return { ok: seal(task, claim, trees) };
    }
  } catch (error) {
    return { failed: failureOf(error instanceof EndOfBatch ? error.reason : error) };
  } finally {
    trees.close();
  }
};

/** For fault tests: `copy:3-written:2` kills the process when that step is done for the second time in this thread. */
function listenForCrash(crashAt: string | undefined): void {
  const [, name, times] = /^([^:]+:[^:]+)(?::(\d+))?$/.exec(crashAt ?? '') ?? [];
  if (!name) return;
  let left = Number(times ?? 1);
  onStep((done: Step) => {
    if (done === name && --left === 0) process.kill(process.pid, 'SIGKILL');
  });
}

