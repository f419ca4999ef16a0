import { killAtCrashPoints, type CrashSettings } from '@coldroom/domain';
import { workerData } from 'piscina';
import { Claim } from './claim';
import { copy, type CopyTask } from './copy';
import { setAttributes, type SetAttributesTask } from './set-attributes';
import { EndOfBatch, failureOf } from './failures';
import { hash, type HashTask } from './hash';
import { inspect, type InspectTask } from './inspect';
import { names, type NamesTask } from './names/names';
import { seal, type SealTask } from './seal';
import { summarize, survey, type SummaryTask, type SurveyTask } from './survey';
import type { ThreadAnswer } from './threads';
import { Trees } from './trees';
import type { Bounds } from './wire';

/** Entry point of the worker threads. Each task is one batch; its file system calls block this thread only. */
export type WorkerTask =
  | { readonly verb: 'inspect'; readonly task: InspectTask }
  | { readonly verb: 'survey'; readonly task: SurveyTask }
  | { readonly verb: 'summarize'; readonly task: SummaryTask }
  | { readonly verb: 'hash'; readonly task: HashTask }
  | { readonly verb: 'copy'; readonly task: CopyTask }
  | { readonly verb: 'setAttributes'; readonly task: SetAttributesTask }
  | { readonly verb: 'seal'; readonly task: SealTask }
  | { readonly verb: 'names'; readonly task: NamesTask };

killAtCrashPoints((workerData ?? {}) as CrashSettings, (signal) => process.kill(process.pid, signal));

module.exports = async ({ verb, task, deadline, progress }: WorkerTask & Bounds): Promise<ThreadAnswer> => {
  const claim = new Claim(deadline, progress);
  const trees = new Trees();
  try {
    switch (verb) {
      case 'inspect':
        return { ok: inspect(task, trees) };
      case 'survey':
        return { ok: survey(task, trees) };
      case 'summarize':
        return { ok: summarize(task, trees) };
      case 'hash':
        return { ok: await hash(task, claim, trees) };
      case 'copy':
        return { ok: await copy(task, claim, trees) };
      case 'setAttributes':
        return { ok: await setAttributes(task, claim, trees) };
      case 'seal':
        return { ok: seal(task, claim, trees) };
      case 'names':
        return { ok: names(task, claim, trees) };
    }
  } catch (error) {
    return { failed: failureOf(error instanceof EndOfBatch ? error.reason : error) };
  } finally {
    trees.close();
  }
};
