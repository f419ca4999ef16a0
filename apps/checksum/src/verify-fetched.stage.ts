import { Inject, Injectable } from '@nestjs/common';
import { crashPoint, type ArchiveFile, type Outcome } from '@coldroom/domain';
import { Files, type Hashed } from '@coldroom/files';
import {
  transition,
  toTransitions,
  STORES,
  stuck,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import { Staging, type Staged } from '@coldroom/trees';
import type { Claim, Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** Hashes a fetched file in staging, from the disk, and compares the digest with the original's. */
@Injectable()
export class VerifyFetchedStage implements Stage {
  readonly name = 'verify-fetched';
  readonly takes = 'fetched';
  readonly runsWhileStopped = true;

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly staging: Staging,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const targets = await this.staging.of(claim.files, claim.bag, this.stores.get(claim.store));
    const outcomes = await this.files.hash(
      claim.files.map((_, at) => ({ ...(targets[at] as Staged), algorithms: ['SHA-256'] as const })),
      { direct: true },
      work,
    );
    crashPoint('verify-fetched:1-read');
    return toTransitions(claim.files, outcomes.map(goneIsLost), (file, found) => {
      if (!found) return again(file, { code: 'FETCHED_GONE', message: 'the fetched file is no longer there' });
      if (found.digests['SHA-256'] !== file.digests['SHA-256'])
        return again(file, {
          code: 'COPY_DIFFERS',
          message: 'what the store gave back does not have the digest of the original, twice in a row',
        });
      return transition(file, 'verifyFetched', 'fetchVerified', { fetched: found.identity });
    });
  }
}

function goneIsLost(outcome: Outcome<Hashed>): Outcome<Hashed | null> {
  return 'error' in outcome && ['SOURCE_MISSING', 'SOURCE_CHANGED'].includes(outcome.error.code)
    ? { ok: null }
    : outcome;
}

/** Bytes may be damaged in transit: they are fetched once more, and then a person has to look. */
function again(file: ArchiveFile, why: { readonly code: string; readonly message: string }): Transition {
  return file.copyAttempts === 0 ? transition(file, 'fetchAgain', 'online') : stuck(file, why);
}
