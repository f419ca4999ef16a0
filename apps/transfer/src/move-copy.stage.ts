import { Inject, Injectable } from '@nestjs/common';
import {
  copyPath,
  NotYet,
  Refused,
  crashPoint,
  type ArchiveFile,
  type ColdroomError,
  type Identity,
  type Outcome,
} from '@coldroom/domain';
import { dropStaged, Files, openRoot } from '@coldroom/files';
import {
  transition,
  otherStores,
  toTransitions,
  STORES,
  type BagStores,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import { Staging, type Staged } from '@coldroom/trees';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

const askAgainMs = 60_000;

interface MovedCopy {
  readonly file: ArchiveFile;
  readonly staged: Staged;
}

/**
 * Carries copies of a sealed bag into the open bag of the same name in another store, through a place of ours beside
 * the held originals. Nothing is removed from the store that is left. It proves nothing.
 */
@Injectable()
export class MoveCopyStage implements Stage {
  readonly name = 'move-copy';
  readonly takes = 'moving';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly staging: Staging,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const between = otherStores(this.stores, claim);
    // It was there before: a sealed bag never changes. Whether it holds the right copies is for the next stage to
    // determine.
    if (await between.to.isSealed(claim.bag))
      return { transitions: claim.files.map((file) => transition(file, 'moveCopy', 'moveCopied')) };
    const availability = await between.from.bringOnline(claim.bag, claim.files.map(copyPath), work);
    const waiting = claim.files.filter((_, at) => isOffline(availability[at]));
    const files = claim.files.filter((file) => !waiting.includes(file));
    const outcomes = files.length === 0 ? [] : await this.moveCopy(claim, files, between, work);
    const result = toTransitions(files, outcomes, (file) => transition(file, 'moveCopy', 'moveCopied'));
    if (waiting.length === 0) return result;
    return {
      ...result,
      wait: new NotYet(
        'NOT_ONLINE_YET',
        `store ${between.from.name} is bringing ${waiting.length} copies online, to be moved to store ${between.to.name}`,
        { delayMs: askAgainMs },
      ),
    };
  }

  private async moveCopy(
    claim: Claim,
    files: readonly ArchiveFile[],
    { from, to }: BagStores,
    work: StageWork,
  ): Promise<readonly Outcome<unknown>[]> {
    const staged = await this.staging.onTheWay(files, claim.bag);
    const places = files.map((file, at): MovedCopy => ({ file, staged: staged[at] as Staged }));
    const fetched = await from.fetch(
      claim.bag,
      places.map((each) => ({
        path: copyPath(each.file),
        size: each.file.size,
        target: each.staged,
        attempt: each.file.copyAttempts,
      })),
      work,
    );
    crashPoint('move-copy:1-fetched');
    const withAttributes = await onThoseThatAreRight(places, fetched, (some) =>
      this.files.setAttributes(
        some.map((each) => ({ ...each.staged, as: each.file.identity, mode: each.file.identity.mode & 0o7777 })),
        work,
      ),
    );
    const seen = await onThoseThatAreRight(places, withAttributes, async (some) => this.look(some));
    const put = await onThoseThatAreRight(places, seen, async (some, identities) =>
      (
        await to.put(
          claim.bag,
          some.map(({ file, staged: { root, path } }, at) => ({
            root,
            path,
            copyPath: copyPath(file),
            identity: identities[at] as Identity,
          })),
          work,
        )
      ).map(changedOnTheWay),
    );
    crashPoint('move-copy:2-put');
    await this.clear(places, seen, work);
    crashPoint('move-copy:3-staging-cleared');
    return put;
  }

  private async look(places: readonly MovedCopy[]): Promise<readonly Outcome<Identity>[]> {
    const found = await this.files.inspect(places.map((each) => each.staged));
    return found.map((each, at) =>
      each.kind === 'file' ? { ok: each.identity } : { error: lost(places[at] as MovedCopy) },
    );
  }

  /** Removes what was fetched, and nothing else. */
  private async clear(
    places: readonly MovedCopy[],
    seen: readonly Outcome<Identity>[],
    work: StageWork,
  ): Promise<void> {
    const ours = places.flatMap(({ staged }, at) => {
      const outcome = seen[at];
      return outcome && 'ok' in outcome ? [{ ...staged, identity: outcome.ok }] : [];
    });
    for (const [root, group] of Map.groupBy(ours, (each) => each.root))
      await dropStaged(await openRoot(root, 'hold'), group, () => work.check());
  }
}

function isOffline(outcome: Outcome<{ readonly online: boolean }> | undefined): boolean {
  // a missing or failed copy is reported when it is fetched
  return outcome !== undefined && 'ok' in outcome && !outcome.ok.online;
}

function lost({ file }: MovedCopy): Refused {
  return new Refused(
    'FETCHED_CHANGED',
    `the fetched content of file ${file.id}, on its way to another store, is gone or has changed`,
  );
}

/** Reported for a copy that is being moved: none of this touches its original. */
function changedOnTheWay<T>(outcome: Outcome<T>): Outcome<T> {
  if (!('error' in outcome) || !['SOURCE_CHANGED', 'SOURCE_MISSING'].includes(outcome.error.code)) return outcome;
  return {
    error: new Refused(
      'FETCHED_CHANGED',
      `On the way to another store: ${outcome.error.message}`,
      outcome.error.details,
      { cause: outcome.error },
    ),
  };
}

/** Continues with those whose last outcome is good; the others keep their error. */
async function onThoseThatAreRight<T, R>(
  places: readonly MovedCopy[],
  before: readonly Outcome<T>[],
  act: (some: readonly MovedCopy[], answers: readonly T[]) => Promise<readonly Outcome<R>[]>,
): Promise<readonly Outcome<R>[]> {
  const right = places.filter((_, at) => 'ok' in (before[at] as Outcome<T>));
  const answers = before.flatMap((outcome) => ('ok' in outcome ? [outcome.ok] : []));
  const after = (right.length === 0 ? [] : await act(right, answers)).values();
  return before.map((outcome): Outcome<R> =>
    'error' in outcome ? outcome : (after.next().value as { ok: R } | { error: ColdroomError }),
  );
}
