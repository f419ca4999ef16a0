import { Inject, Injectable } from '@nestjs/common';
import {
  copyPath,
  NotYet,
  reasonsToKeepHeld,
  reasonsToKeepFetched,
  Refused,
  crashPoint,
  type ArchiveFile,
  type CopyStatus,
} from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { fetchedName, HoldDirectories, movingName, Originals } from '@coldroom/trees';
import { STORES, transition, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { dropStaged, isBack, restoreOne } from '../restore/restore';
import { Failures, refuseFor } from '../failures';
import { orHeldByContent } from '../paths/held-by-content';
import { inspectArchived, type Guard, type Place } from '../paths/inspect';
import { dropFetching, dropRecalled } from '../restore/recalled-copies';
import { lookAgain } from '../paths/look-again';
import { HoldTime, Places } from '../paths/places';
import { RecallPlaces } from '../paths/recall-places';
import { release } from './replace-original';

interface Candidate {
  readonly file: ArchiveFile;
  readonly place: Place;
  readonly inStore: CopyStatus | undefined;
}

/** Frees the space of held originals when their hold ends, and removes what a cancelled retrieval left. */
@Injectable()
export class ReleaseStage implements Stage {
  readonly name = 'release';
  readonly takes = 'linked';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
    private readonly register: Register,
    private readonly holds: HoldDirectories,
    private readonly holdTime: HoldTime,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const stillMs = Math.max(...claim.files.map((file) => this.holdTime.left(file.linkedAt)));
    const held: StageResult = {
      transitions: [],
      wait: new NotYet('HELD', 'the originals stay held for some time', { delayMs: stillMs, noDeadline: true }),
    };
    const files = stillMs > 0 ? claim.files.filter((file) => file.retrieval !== null) : claim.files;
    if (files.length === 0) return held;
    const store = this.stores.get(claim.store);
    const inStore = await store.stat(claim.bag, files.map(copyPath));
    const places = new Places(this.originals, this.holds, store, claim.bag);
    const recalls = new RecallPlaces(store, claim.bag);
    const guard: Guard = async () => {
      await this.register.switches.refuseWhereStopped();
      work.check(); // last: the answer may have taken longer than our claim lasts
    };
    const failures = new Failures();
    try {
      // a check may have found a copy bad while the store was queried
      const known = await this.register.claims.asOfNow(claim.bagId, files);
      const done = await failures.results(
        known.map((file, index) => ({ file, inStore: inStore[index] })),
        async (each) => {
          const { file } = each;
          const place = await places.of(file);
          const candidate = { ...each, place };
          if (file.retrieval !== null && (await clearGivenUp(candidate, recalls, guard)))
            return [transition(file, 'place', 'restored')];
          if (stillMs > 0) return [];
          const reader = { places, originals: this.originals, files: this.files, work };
          await orHeldByContent(reader, file, async (asHeld) => {
            const now = asHeld === file ? candidate : await this.asOfNow(claim, { ...candidate, file: asHeld });
            await releaseOne(now, guard);
          });
          // of a move that a crash interrupted and a person cancelled
          await dropStaged(place, { directory: place.hold, name: Buffer.from(movingName(file)) }, guard);
          return [transition(file, 'release', 'released')];
        },
      );
      await places.syncOriginals();
      await places.syncHolds();
      crashPoint('release:2-synced');
      const result = failures.result(done.flat());
      return result.transitions.length > 0 || result.wait ? result : held;
    } finally {
      await places.close();
    }
  }

  /** What the store and the register say now of a file that took time to read. */
  private async asOfNow(claim: Claim, { file, place }: Candidate): Promise<Candidate> {
    const [inStore] = await this.stores.get(claim.store).stat(claim.bag, [copyPath(file)]);
    const [known = file] = await this.register.claims.asOfNow(claim.bagId, [file]);
    return { file: { ...known, identity: file.identity }, place, inStore };
  }
}

/**
 * Removes what a cancelled retrieval left behind, while the store has the proven copy. True where the retrieval was so
 * far advanced that the file is back in its place: there it stays.
 */
async function clearGivenUp(
  { file, place, inStore }: Candidate,
  recalls: RecallPlaces,
  guard: Guard,
): Promise<boolean> {
  const restored = { directory: place.hold, name: Buffer.from(fetchedName(file)) };
  if (await isBack(place, file)) {
    await restoreOne(place, restored, file, guard);
    return true;
  }
  const beforeDrop: Guard = async () => {
    refuseFor(reasonsToKeepFetched(file, inStore), 'what was fetched is kept');
    await guard();
  };
  await dropStaged(place, restored, beforeDrop);
  if (file.retrieval === 'recall') {
    const root = await recalls.root();
    await dropFetching(root, recalls.stagedPathOf(file), place, beforeDrop);
    await dropRecalled(root, recalls.pathOf(file), file, beforeDrop);
  }
  return false;
}

async function releaseOne(candidate: Candidate, guard: Guard): Promise<void> {
  if (await lookAgain(candidate.place, () => mayRelease(candidate))) await release(candidate.place, guard);
}

/** Whether an original is held; throws where that one, or the only other copy, has to stay. */
async function mayRelease({ file, place, inStore }: Candidate): Promise<boolean> {
  const { atPath, held } = await inspectArchived(place);
  if (held === null && atPath !== 'our-link')
    throw new Refused('LINK_GONE', 'neither our link nor the held original is there; look before anything else');
  if (held === null) refuseFor(reasonsToKeepFetched(file, inStore), 'nothing is held, and this copy is the only one');
  else refuseFor(reasonsToKeepHeld(file, { atPath, held, inStore }, false));
  return held !== null;
}
