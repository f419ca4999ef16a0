import { codeOf, messageOf, type ArchiveFile } from '@coldroom/domain';
import { fetchedName } from '@coldroom/trees';
import type { Transition } from '@coldroom/register';
import { dropStaged } from './restore';
import { inspect, sameFile, type Guard } from '../paths/inspect';
import { dropFetching, dropRecalled } from './recalled-copies';
import type { Places } from '../paths/places';
import type { RecallPlaces } from '../paths/recall-places';

/**
 * Removes what a retrieval fetched, once the held original is back in its place and synced: with the original there it
 * is no longer needed, whatever happens to the store. This never makes the undo fail: what cannot be removed is left
 * and reported.
 */
export async function dropFetched(
  file: ArchiveFile,
  places: Places,
  recalls: RecallPlaces,
  guard: Guard,
): Promise<Pick<Transition, 'code' | 'reason'>> {
  if (file.retrieval === null && file.fetched === null) return {};
  try {
    const place = await places.of(file);
    const found = await inspect(place);
    if (found.kind !== 'file' || !sameFile(found.identity, file))
      return { code: 'PATH_TAKEN', reason: 'something else is at the path; the fetched file was left where it is' };
    await dropStaged(place, { directory: place.hold, name: Buffer.from(fetchedName(file)) }, guard);
    if (file.retrieval === 'recall' || file.onlineUntil !== null) {
      const root = await recalls.root();
      await dropFetching(root, recalls.stagedPathOf(file), place, guard);
      await dropRecalled(root, recalls.pathOf(file), file, guard);
    }
    return {};
  } catch (error) {
    await guard(); // after a lost claim, the next worker does this
    return {
      code: codeOf(error),
      reason: `the original is back; the fetched file was left where it is: ${messageOf(error)}`,
    };
  }
}
