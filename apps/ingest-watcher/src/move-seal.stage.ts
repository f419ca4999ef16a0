import { Inject, Injectable } from '@nestjs/common';
import { codeOf, copyPath, NotYet, crashPoint, type ArchiveFile, type CopyStatus, type Store } from '@coldroom/domain';
import {
  transition,
  otherStores,
  STORES,
  stuck,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import { Register, type Claim, type Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { describeBag } from './describe-bag';

const shortestPauseMs = 5000;
const longestPauseMs = 600_000;

/**
 * Seals a bag in the store that it moves to, with all its files or not at all, and queries the store until every copy
 * is durable there.
 */
@Injectable()
export class MoveSealStage implements Stage {
  readonly name = 'move-seal';
  readonly takes = 'moveVerified';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly register: Register,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const { to } = otherStores(this.stores, claim);
    const behind = await this.register.moves.behind(claim.bagId, 'moveVerified');
    if (behind > 0) return { transitions: [], wait: blocked(claim, behind) };
    const paths = claim.files.map(copyPath);
    const spoiledBefore = spoiled(claim.files, await to.stat(claim.bag, paths));
    if (spoiledBefore.length > 0) return { transitions: spoiledBefore };
    await seal(to, claim, await describeBag(claim, this.register, to), work);
    const answers = await to.stat(claim.bag, paths);
    crashPoint('move-seal:1-sealed');
    const wrong = spoiled(claim.files, answers);
    if (wrong.length > 0) return { transitions: wrong }; // the others wait for them: a bag moves as a whole
    const waiting = answers.filter((status) => status?.durable !== 'yes').map((status) => status?.replicationState);
    if (waiting.length > 0) return { transitions: [], wait: notDurableYet(claim, to, waiting) };
    return { transitions: claim.files.map((file) => transition(file, 'moveSeal', 'moveSealed')) };
  }
}

/**
 * A bag that moves back to an earlier store was sealed there, perhaps with more files: it is as good, as each of its
 * copies was read.
 */
async function seal(to: Store, claim: Claim, tags: Parameters<Store['seal']>[2], work: StageWork): Promise<void> {
  try {
    await to.seal(claim.bag, claim.files.map(copyPath), tags, work);
  } catch (error) {
    if (codeOf(error) !== 'BAG_SEALED') throw error;
  }
}

/** The moves of those copies that are not the ones that were read and compared. */
function spoiled(files: readonly ArchiveFile[], answers: readonly (CopyStatus | undefined)[]): readonly Transition[] {
  return files.flatMap((file, at) => {
    const status = answers[at];
    if (!status)
      return [
        stuck(file, {
          code: 'COPY_MISSING',
          message: 'the store that the bag moves to does not have the copy that was compared',
        }),
      ];
    if (status.version !== file.elsewhere?.version)
      return [
        stuck(file, {
          code: 'COPY_CHANGED',
          message: 'the copy in the store that the bag moves to is not the one that was compared',
        }),
      ];
    return [];
  });
}

function blocked({ bag, movingTo }: Claim, behind: number): NotYet {
  return new NotYet(
    'MOVE_BLOCKED',
    `bag ${bag} moves to store ${movingTo} as a whole: ${behind} of its files are stuck; retry them, or "coldroom move --cancel"`,
    { delayMs: longestPauseMs, noDeadline: true },
  );
}

function notDurableYet(claim: Claim, to: Store, states: readonly (string | undefined)[]): NotYet {
  const waitedMs = claim.waitingSince ? Date.now() - claim.waitingSince.getTime() : 0;
  const delayMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, waitedMs / 10));
  return new NotYet(
    'NOT_DURABLE_YET',
    `store ${to.name} does not call bag ${claim.bag} durable yet (${[...new Set(states)].join(', ')}); it is asked again until it does for every copy`,
    { delayMs },
  );
}
