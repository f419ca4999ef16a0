import { Inject, Injectable } from '@nestjs/common';
import { NotYet, crashPoint, type ArchiveFile } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { HoldDirectories, Originals } from '@coldroom/trees';
import { transition, STORES, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim, type Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { refuseToPlace, restoreOne, type Name } from './restore';
import { Failures } from '../failures';
import { orHeldByContent } from '../paths/held-by-content';
import type { Guard, Place } from '../paths/inspect';
import { dropRecalled, recallOne } from './recalled-copies';
import { lookAgain } from '../paths/look-again';
import { Places } from '../paths/places';
import { RecallPlaces, stagedAt } from '../paths/recall-places';

const waitMs = 600_000;
/** What was fetched may have been lost or touched since: it is fetched again at most this many times. */
const fetchTries = 3;

/**
 * Puts proven files into their places, whole filesets at a time. Continues while linking is stopped: it only gives
 * back.
 */
@Injectable()
export class PlaceStage implements Stage {
  readonly name = 'place';
  readonly takes = 'fetchVerified';
  readonly runsWhileStopped = true;

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
    private readonly register: Register,
    private readonly holds: HoldDirectories,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    const whole = await this.register.claims.fetchedFilesets(claim.requestId, [
      ...new Set(claim.files.map((file) => file.fileset)),
    ]);
    const ready = claim.files.filter((file) => whole.has(file.fileset));
    if (ready.length === 0) return { transitions: [], wait: waitForFileset() };
    const places = new Places(this.originals, this.holds, store, claim.bag);
    const recalls = new RecallPlaces(store, claim.bag);
    const failures = new Failures();
    try {
      const guard: Guard = async () => work.check();
      const looked = await failures.results(
        ready.map((file) => ({ file })),
        async ({ file }) => {
          const place = await places.of(file);
          const staged = await stagedAt(file, place, recalls);
          await lookAgain(place, () => refuseToPlace(place, staged, file));
          return { file, place, staged };
        },
      );
      const reader = { places, originals: this.originals, files: this.files, work };
      const placed = await failures.survivors(failures.wholeOnly(looked), (candidate) =>
        orHeldByContent(reader, candidate.file, (file) => placeOne({ ...candidate, file }, recalls, guard)),
      );
      await places.syncOriginals();
      await places.syncHolds();
      await recalls.sync();
      crashPoint('place:3-synced');
      const result = failures.result(
        placed.map(({ file }) => transition(file, 'place', file.retrieval === 'recall' ? 'recalled' : 'restored')),
      );
      const transitions = result.transitions.map((outcome) => fetchedAnew(outcome, claim.files));
      return transitions.length < claim.files.length
        ? { transitions, wait: result.wait ?? waitForFileset() }
        : { transitions };
    } finally {
      await places.close();
      await recalls.close();
    }
  }
}

interface Candidate {
  readonly file: ArchiveFile;
  readonly place: Place;
  readonly staged: Name;
}

async function placeOne({ file, place, staged }: Candidate, recalls: RecallPlaces, guard: Guard): Promise<void> {
  if (file.retrieval === 'recall') {
    await recallOne(place, { staged, online: await recalls.online(file) }, file, guard);
    return;
  }
  await restoreOne(place, staged, file, guard);
  // it was recalled before
  if (file.onlineUntil !== null) await dropRecalled(await recalls.root(), recalls.pathOf(file), file, guard);
}

/** A fetched file that is gone, or is not as it was proven, is no reason to give up: the store still has it. */
function fetchedAnew(outcome: Transition, files: readonly ArchiveFile[]): Transition {
  const file = files.find(({ id }) => id === outcome.id);
  const lost = outcome.code === 'FETCHED_GONE' || outcome.code === 'FETCHED_CHANGED';
  return file && lost && file.copyAttempts < fetchTries
    ? transition(file, 'fetchAgain', 'online', { code: outcome.code as string, reason: outcome.reason as string })
    : outcome;
}

function waitForFileset(): NotYet {
  return new NotYet('FILESET_INCOMPLETE', 'another file of the fileset is not fetched yet', {
    delayMs: waitMs,
    noDeadline: true,
  });
}
