import { Inject, Injectable } from '@nestjs/common';
import { copyPath, crashPoint, type ArchiveFile, type ColdroomError, type Outcome } from '@coldroom/domain';
import { Files, identify } from '@coldroom/files';
import {
  requestOnline,
  transition,
  toTransitions,
  STORES,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import { isFetched, Staging, type Staged } from '@coldroom/trees';
import type { Claim, Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** A recalled copy is read through the link and must not be written to. */
const recalledMode = 0o444;

/**
 * Fetches copies out of the store into staging, with the mode, owner and mtime that the originals had. It proves
 * nothing.
 */
@Injectable()
export class FetchStage implements Stage {
  readonly name = 'fetch';
  readonly takes = 'online';
  readonly runsWhileStopped = true;

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly staging: Staging,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    const targets = await this.staging.of(claim.files, claim.bag, store);
    const lying = await Promise.all(claim.files.map((file, at) => liesReady(file, targets[at] as Staged)));
    const orders = claim.files.map((file, at) => ({
      path: copyPath(file),
      size: file.size,
      target: targets[at] as Staged,
      attempt: file.copyAttempts,
    }));
    const wanted = orders.filter((_, at) => !lying[at]);
    const answers = (wanted.length === 0 ? [] : await store.fetch(claim.bag, wanted, work)).values();
    const fetched = lying.map((isReady): Outcome<unknown> =>
      isReady ? { ok: null } : (answers.next().value as Outcome<unknown>),
    );
    crashPoint('fetch:1-fetched');
    const withAttributes = await this.setAttributes(claim.files, targets, fetched, work);
    const outcomes = await requestOnline(store, claim, withAttributes, work);
    return toTransitions(claim.files, outcomes.map(waitedFor), (file, mode) =>
      mode === null ? transition(file, 'bringOnlineAgain', 'retrieving') : fetchedWith(file, mode),
    );
  }

  private async setAttributes(
    files: readonly ArchiveFile[],
    targets: readonly Staged[],
    fetched: readonly Outcome<unknown>[],
    work: StageWork,
  ): Promise<readonly Outcome<number>[]> {
    const orders = files.map((file, at) => ({
      ...(targets[at] as Staged),
      as: file.identity,
      mode: file.retrieval === 'recall' ? recalledMode : file.identity.mode & 0o7777,
    }));
    const withAttributes = (
      await this.files.setAttributes(
        orders.filter((_, at) => fetched[at] && 'ok' in (fetched[at] as object)),
        work,
      )
    ).values();
    return fetched.map((outcome): Outcome<number> =>
      'error' in outcome ? outcome : (withAttributes.next().value as { error: ColdroomError } | { ok: number }),
    );
  }
}

/**
 * Whether what a cancelled retrieval fetched and proved is still there. It is hashed again, not fetched again: by now
 * it may be better than the store's copy.
 */
async function liesReady(file: ArchiveFile, { root, path }: Staged): Promise<boolean> {
  if (file.fetched === null || file.copyAttempts > 0) return false;
  const now = await identify(Buffer.concat([Buffer.from(`${root}/`), path]));
  return now !== null && isFetched(now, file);
}

/** Null for a copy that was online and no longer is: an archive's window ended, or a cache needed the space. */
function waitedFor(outcome: Outcome<number>): Outcome<number | null> {
  return 'error' in outcome && outcome.error.code === 'NOT_ONLINE_YET' ? { ok: null } : outcome;
}

/** Mode bits that could not be restored do not prevent the placing, but the file's events report them. */
function fetchedWith(file: ArchiveFile, mode: number): Transition {
  const wanted = file.identity.mode & 0o7777;
  if (file.retrieval === 'recall' || mode === wanted) return transition(file, 'fetch', 'fetched');
  const octal = (bits: number): string => bits.toString(8).padStart(4, '0');
  return transition(file, 'fetch', 'fetched', {
    code: 'MODE_NOT_KEPT',
    reason: `it had mode ${octal(wanted)} and comes back with ${octal(mode)}: set-id bits are never given to what can be run, nor where transfer may not`,
  });
}
