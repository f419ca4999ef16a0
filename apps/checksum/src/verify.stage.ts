import { Inject, Injectable } from '@nestjs/common';
import { copyPath, Refused, type ArchiveFile, type CopyDigest, type Outcome } from '@coldroom/domain';
import {
  STORES,
  transition,
  refuseOffline,
  toTransitions,
  stuck,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import type { Claim, Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** Reads copies back in place and compares them with the digests of their originals. */
@Injectable()
export class VerifyStage implements Stage {
  readonly name = 'verify';
  readonly takes = 'copied';

  constructor(@Inject(STORES) private readonly stores: Stores) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    const outcomes = await store.digest(claim.bag, claim.files.map(copyPath), ['SHA-256'], work);
    return toTransitions(claim.files, outcomes.map(refuseOffline).map(missingIsWrong), judge);
  }
}

/** A copy that is missing is copied again, like one that is wrong. */
function missingIsWrong(outcome: Outcome<CopyDigest>): Outcome<CopyDigest | null> {
  return 'error' in outcome && outcome.error instanceof Refused && outcome.error.code === 'COPY_MISSING'
    ? { ok: null }
    : outcome;
}

function judge(file: ArchiveFile, copy: CopyDigest | null): Transition {
  if (copy && copy.size === file.identity.size && copy.digests['SHA-256'] === file.digests['SHA-256']) {
    return transition(file, 'verify', 'verified', {
      copyVersion: copy.version,
      copyDigest: copy.digests['SHA-256'],
      copyRead: copy.read,
    });
  }
  const reason = copy
    ? `the copy has ${copy.size} bytes and SHA-256 ${copy.digests['SHA-256']}, the original ${file.identity.size} and ${file.digests['SHA-256']}`
    : 'the copy is not there';
  if (file.copyAttempts > 0) return stuck(file, { code: 'COPY_DIFFERS', message: `${reason}; it was copied twice` });
  return transition(file, 'copyAgain', 'hashed', { code: 'COPY_DIFFERS', reason });
}
