import { Transient } from '@coldroom/domain';
import { scannerTask, type PolicyRun, type Register } from '@coldroom/register';
import { formatDuration } from '@coldroom/terminal';
import { howToStartScanner } from '../scan/scan';
import { waiting, type Waiting } from '../waiting';

const unseenMs = 10_000;

export interface PolicyRunProgress {
  readonly run: PolicyRun | undefined;
  readonly isRunning: boolean;
}

/**
 * Waits until the scanner has evaluated the rules. `Transient` `POLICY_RUN_NOT_DONE` after `limitMs`, or where no scanner
 * is running: the evaluation stays requested.
 */
export async function* untilEvaluated(
  register: Register,
  id: bigint,
  limitMs: number,
): AsyncGenerator<Waiting<PolicyRunProgress>, PolicyRun> {
  const begun = performance.now();
  const { run } = yield* waiting({
    read: async () => {
      const now = { run: await register.policyRuns.get(id), isRunning: await register.isRunning(scannerTask) };
      if (!now.run?.finishedAt && performance.now() - begun > limitMs)
        throw notDone(id, `was not done within ${formatDuration(limitMs)}`);
      return now;
    },
    isOver: (now) => Boolean(now.run?.finishedAt),
    stillMs: unseenMs,
    whenStill: ({ isRunning }) => {
      if (!isRunning) throw notDone(id, `waits for a scanner, and none is running. ${howToStartScanner}`);
    },
  });
  return run as PolicyRun;
}

function notDone(id: bigint, why: string): Transient {
  return new Transient('POLICY_RUN_NOT_DONE', `Evaluation ${id} ${why}. It stays asked for`);
}
