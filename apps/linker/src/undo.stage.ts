import { Inject, Injectable } from '@nestjs/common';
import { codeOf, step, type ArchiveFile } from '@coldroom/domain';
import { HoldDirectories, STORES, moved, Originals, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { Failures } from './failures';
import { Places } from './places';
import { putBack, type Before } from './swap';

/** Puts held originals back where a person asked for it. Goes on while linking is stopped: it only gives back. */
@Injectable()
export class UndoLinks implements Stage {
  readonly name = 'undo';
  readonly takes = 'undoing';
  readonly givesBack = true;

  constructor(
    @Inject(STORES) private readonly stores: Stores, @Inject(Originals) private readonly originals: Originals,
    @Inject(HoldDirectories) private readonly holds: HoldDirectories,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const places = new Places(this.originals, this.holds, this.stores.get(claim.store), claim.bag);
    const failures = new Failures();
    try {
      const back = await failures.survivors(claim.files.map((file) => ({ file })), async ({ file }) => {
        await undoOne(file, places, async () => work.check());
      });
      await places.syncOriginals();
      await places.syncHolds();
      step('undo:2-synced');
      return failures.result(back.map(({ file }) => moved(file, 'return', 'undone')));
    } finally {
      await places.close();
    }
  }
}

async function undoOne(file: ArchiveFile, places: Places, before: Before): Promise<void> {
  try {
    await putBack(await places.of(file), file, before);
  } catch (error) {
    const neverTaken = codeOf(error) === 'DIRECTORY_GONE' && file.linkedAt === null && !await places.isHeld(file);
    if (!neverTaken) throw error; // else others removed it before its place was taken: there is nothing to give back
  }
}
