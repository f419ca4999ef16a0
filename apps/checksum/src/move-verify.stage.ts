import { Inject, Injectable } from '@nestjs/common';
import {
  copyPath,
  Refused,
  crashPoint,
  type ArchiveFile,
  type CopyDigest,
  type Outcome,
  type Store,
} from '@coldroom/domain';
import {
  requestOnline,
  isOffline,
  transition,
  otherStores,
  refuseOffline,
  toTransitions,
  STORES,
  stuck,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import type { Claim, Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** Reads copies in the store that their bag moves to, and compares them with the digests of their originals. */
@Injectable()
export class MoveVerifyStage implements Stage {
  readonly name = 'move-verify';
  readonly takes = 'moveCopied';

  constructor(@Inject(STORES) private readonly stores: Stores) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const { to } = otherStores(this.stores, claim);
    const outcomes = await to.digest(claim.bag, claim.files.map(copyPath), ['SHA-256', ...to.wantedDigests], work);
    crashPoint('move-verify:1-read');
    return toTransitions(claim.files, (await waitForOffline(to, claim, outcomes, work)).map(missingIsWrong), judge);
  }
}

/** A copy that was sealed there earlier may be offline by now; one that was just carried there should not be. */
async function waitForOffline(
  to: Store,
  claim: Claim,
  outcomes: readonly Outcome<CopyDigest>[],
  work: StageWork,
): Promise<readonly Outcome<CopyDigest>[]> {
  if (!outcomes.some(isOffline)) return outcomes;
  return (await to.readTag(claim.bag, 'bagit.txt'))
    ? requestOnline(to, claim, outcomes, work)
    : outcomes.map(refuseOffline);
}

function missingIsWrong(outcome: Outcome<CopyDigest>): Outcome<CopyDigest | null> {
  return 'error' in outcome && outcome.error instanceof Refused && outcome.error.code === 'COPY_MISSING'
    ? { ok: null }
    : outcome;
}

/** A copy that is wrong is carried there once more, and then a person has to look. */
function judge(file: ArchiveFile, copy: CopyDigest | null): Transition {
  const digest = copy?.digests['SHA-256'];
  if (copy && digest !== undefined && copy.size === file.size && digest === file.digests['SHA-256']) {
    // The digest that this store compares copies by may never have been computed of the original: it is the same
    // content.
    return transition(file, 'moveVerify', 'moveVerified', {
      elsewhere: { version: copy.version, digest, read: copy.read },
      digests: { ...copy.digests, ...file.digests },
    });
  }
  const code = copy ? 'COPY_DIFFERS' : 'COPY_MISSING';
  const reason = copy
    ? `in the other store the copy has ${copy.size} bytes and SHA-256 ${digest}, the original had ${file.size} and ${file.digests['SHA-256']}`
    : 'the copy is not in the other store';
  if (file.copyAttempts > 0)
    return stuck(file, {
      code,
      message: `${reason}; it was copied there twice, or the bag there is sealed and can no longer be changed. The link and the copy in the old store are unchanged`,
    });
  return transition(file, 'moveCopyAgain', 'moving', { code, reason });
}
