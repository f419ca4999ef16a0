import { Inject, Injectable } from '@nestjs/common';
import { codeOf, crashPoint, type ArchiveFile } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { HoldDirectories, Originals } from '@coldroom/trees';
import { STORES, transition, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { Failures } from '../failures';
import { dropFetched } from './cancelled-retrieval';
import { orHeldByContent } from '../paths/held-by-content';
import { inspect, type Guard } from '../paths/inspect';
import { Places } from '../paths/places';
import { RecallPlaces } from '../paths/recall-places';
import { undoLink } from '../archive/replace-original';

/**
 * Puts held originals back where a person requested it. Continues while linking is stopped and where the store is lost:
 * it only gives back.
 */
@Injectable()
export class UndoStage implements Stage {
  readonly name = 'undo';
  readonly takes = 'undoing';
  readonly runsWhileStopped = true;

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
    private readonly holds: HoldDirectories,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    const places = new Places(this.originals, this.holds, store, claim.bag);
    const recalls = new RecallPlaces(store, claim.bag);
    const guard: Guard = async () => work.check();
    const failures = new Failures();
    try {
      const done = await failures.results(
        claim.files.map((file) => ({ file })),
        async ({ file }) => {
          if (await isFreed(file, places))
            return {
              file,
              outcome: transition(file, 'restore', 'retrieving', {
                code: 'HOLD_MISSING',
                reason: 'the original is no longer held; it is fetched from the store',
              }),
            };
          const reader = { places, originals: this.originals, files: this.files, work };
          return orHeldByContent(reader, file, async (known) => {
            await undoOne(known, places, guard);
            return { file: known, outcome: transition(known, 'undo', 'undone') };
          });
        },
      );
      await places.syncOriginals();
      await places.syncHolds();
      crashPoint('undo:2-synced');
      const transitions = await failures.results(done, async ({ file, outcome }) =>
        outcome.event === 'undo' ? { ...outcome, ...(await dropFetched(file, places, recalls, guard)) } : outcome,
      );
      await places.syncHolds();
      return failures.result(transitions);
    } finally {
      await places.close();
    }
  }
}

/**
 * A linker that died may already have freed the space without the register knowing: then only the store can give it
 * back.
 */
async function isFreed(file: ArchiveFile, places: Places): Promise<boolean> {
  if (file.linkedAt === null || (await places.isHeld(file))) return false;
  return (await inspect(await places.of(file))).kind === 'our-link';
}

async function undoOne(file: ArchiveFile, places: Places, guard: Guard): Promise<void> {
  try {
    await undoLink(await places.of(file), file, guard);
  } catch (error) {
    const neverTaken = codeOf(error) === 'DIRECTORY_GONE' && file.linkedAt === null && !(await places.isHeld(file));
    // if never taken, others removed it before its place was taken: there is nothing to give back
    if (!neverTaken) throw error;
  }
}
