import { ColdroomError, copyPath, type Work } from '@coldroom/domain';
import type { CheckedCopy, CopyResult, Register } from '@coldroom/register';
import { checkCopies, inRuns, type CopyVerdict, type Pace, type Stores } from '@coldroom/stores';
import { remedyOf } from './remedy';
import type { Verification } from './verification';

export interface Checking {
  readonly register: Register;
  readonly stores: Stores;
  readonly pace: Pace;
  readonly work: Work;
  readonly by: string;
  /** Copies with the right content that differ from the proven ones count as proven by this read. */
  readonly acceptChanged: boolean;
}

/** Reads copies of one bag at the set pace, records the findings after each run, and counts them. */
export async function checkBag(
  checking: Checking,
  copies: readonly CheckedCopy[],
  done: Verification,
  progress: () => void,
): Promise<void> {
  const { register, stores, pace, work, by } = checking;
  for (const run of inRuns(copies, pace.batchBytes)) {
    const verdicts = await verdictsOf(stores, run, work);
    const results = run.map((copy, at) => resultOf(copy, verdicts[at]!, checking.acceptChanged));
    await register.fixity.record(
      results.filter((result) => result !== null),
      by,
    );
    for (const [at, copy] of run.entries()) {
      const verdict = verdicts[at]!;
      const fault = results[at]?.fault;
      if (fault)
        done.bad.add({
          ...shown(copy),
          ...fault,
          remedy: remedyOf(copy, fault.code, await register.fixity.otherCopies(copy)),
        });
      else if (verdict.kind === 'unread')
        done.unread.add({ ...shown(copy), code: verdict.code, reason: verdict.reason });
      done.count(copy, verdict, fault ?? null);
    }
    progress();
    await pace.after(run.reduce((sum, copy, at) => (verdicts[at]!.kind === 'offline' ? sum : sum + copy.size), 0n));
  }
}

/** A store that is unavailable, or no longer configured, says nothing about its copies. */
async function verdictsOf(stores: Stores, run: readonly CheckedCopy[], work: Work): Promise<readonly CopyVerdict[]> {
  const [{ store, bag }] = run as [CheckedCopy];
  try {
    return await checkCopies(
      stores.get(store),
      bag,
      run.map((copy) => ({
        path: copyPath(copy),
        size: copy.size,
        sha256: copy.sha256,
        version: copy.copyVersion,
        proven: copy.copyDigest !== null,
      })),
      work,
    );
  } catch (error) {
    if (!(error instanceof ColdroomError)) throw error;
    return run.map(() => ({ kind: 'unread', code: error.code, reason: error.message }));
  }
}

/** What is recorded in the register; null if nothing was learnt. */
function resultOf(copy: CheckedCopy, verdict: CopyVerdict, acceptChanged: boolean): CopyResult | null {
  switch (verdict.kind) {
    case 'good':
      return { copy, fault: null, ...(verdict.proof ? { proof: verdict.proof } : {}) };
    case 'bad':
      return acceptChanged && verdict.right
        ? { copy, fault: null, proof: verdict.right }
        : { copy, fault: { code: verdict.code, reason: verdict.reason } };
    default:
      return null;
  }
}

function shown({ id, requestId, fileset, root, display, store, bag }: CheckedCopy): {
  readonly file: bigint;
  readonly request: bigint;
  readonly fileset: string;
  readonly path: string;
  readonly store: string;
  readonly bag: string;
} {
  return { file: id, request: requestId, fileset, path: `${root}/${display}`, store, bag };
}
