import { unlinkSync } from 'node:fs';
import { copyPath, Refused, type ArchiveFile } from '@coldroom/domain';
import { transition, type StageResult } from '@coldroom/pipeline';
import type { Claim } from '@coldroom/register';
import { Failures } from '../failures';
import { linkTargetAt, tempPath, type Guard, type Place } from '../paths/inspect';
import type { Places } from '../paths/places';

/**
 * After a relink was cancelled: removes the links that a crash left beside those of this bag. The links of the bag stay
 * as they are, and so does everything that is not ours.
 */
export async function leaveLinks(places: Places, claim: Claim, guard: Guard): Promise<StageResult> {
  const failures = new Failures();
  const left = await failures.survivors(
    claim.files.map((file) => ({ file })),
    async ({ file }) => {
      const place = await places.of(file).catch(unlessRefused);
      if (place) await removeLeft(place, claim.bag, file, guard);
    },
  );
  await places.syncOriginals();
  failures.throwPassing();
  return failures.result(left.map(({ file }) => transition(file, 'moveLink', 'linked')));
}

/** Nothing can be removed from a directory that is gone, or that is no longer a directory. */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof Refused)) throw error;
}

/** Ours is a link with the name of this file's temporary one, to the copy of this file, whatever directory the store had. */
async function removeLeft(place: Place, bag: string, file: ArchiveFile, guard: Guard): Promise<void> {
  const target = await linkTargetAt(tempPath(place));
  const copy = Buffer.concat([Buffer.from(`/${bag}/data/`), copyPath(file)]);
  if (!target?.subarray(-copy.length).equals(copy)) return;
  await guard();
  unlinkSync(tempPath(place));
}
