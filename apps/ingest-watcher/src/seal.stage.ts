import { Inject, Injectable } from '@nestjs/common';
import { copyPath, NotYet, crashPoint, type ArchiveFile, type CopyStatus } from '@coldroom/domain';
import { STORES, transition, stuck, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim, type Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { describeBag } from './describe-bag';

const shortestPauseMs = 5000;
const longestPauseMs = 600_000;

/** Seals bags, hands them over to the store, and queries it until every copy is durable by the store's policy. */
@Injectable()
export class SealStage implements Stage {
  readonly name = 'seal';
  readonly takes = 'verified';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly register: Register,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    // A copy that is not the proven one must not get into a bag that never changes again.
    const { proven, spoiled } = sort(claim.files, await store.stat(claim.bag, claim.files.map(copyPath)));
    if (proven.length === 0) return { transitions: spoiled };
    const paths = proven.map(copyPath);
    const tags = await describeBag({ ...claim, files: proven }, this.register, store);
    await store.seal(claim.bag, paths, tags, work);
    const answers = await store.stat(claim.bag, paths);
    crashPoint('seal:5-durable');
    const waiting = answers
      .filter((status) => status && status.durable !== 'yes')
      .map((status) => status?.replicationState);
    // No file continues before the last one can: the next seal would be of another bag.
    if (waiting.length > 0) return { transitions: [], wait: notDurableYet(claim, waiting) };
    const sealed = sort(proven, answers);
    return {
      transitions: [...spoiled, ...sealed.spoiled, ...sealed.proven.map((file) => transition(file, 'seal', 'sealed'))],
      sealed: true,
    };
  }
}

/** Which copies are still the proven ones, and the moves of the others. */
function sort(
  files: readonly ArchiveFile[],
  answers: readonly (CopyStatus | undefined)[],
): { readonly proven: readonly ArchiveFile[]; readonly spoiled: readonly Transition[] } {
  const spoiled = new Map<ArchiveFile, Transition>();
  files.forEach((file, index) => {
    const status = answers[index];
    if (!status)
      spoiled.set(
        file,
        stuck(file, { code: 'COPY_MISSING', message: 'the store does not have the copy that was proven' }),
      );
    else if (status.version !== file.copyVersion)
      spoiled.set(file, stuck(file, { code: 'COPY_CHANGED', message: 'the copy is not the one that was proven' }));
  });
  return { proven: files.filter((file) => !spoiled.has(file)), spoiled: [...spoiled.values()] };
}

/** Queried rarely where it takes long: each check may be a request for every copy. */
function notDurableYet(claim: Claim, states: readonly (string | undefined)[]): NotYet {
  const waitedMs = claim.waitingSince ? Date.now() - claim.waitingSince.getTime() : 0;
  const delayMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, waitedMs / 10));
  return new NotYet(
    'NOT_DURABLE_YET',
    `store ${claim.store} does not call bag ${claim.bag} durable yet (${[...new Set(states)].join(', ')}); it is asked again until it does for every copy`,
    { delayMs },
  );
}
