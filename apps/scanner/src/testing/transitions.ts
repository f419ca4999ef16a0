import type { FileEvent, FileState, WorkState } from '@coldroom/domain';
import type { Scene } from './scene';

type Way = readonly [WorkState, FileEvent, FileState];

export const untilReleased: readonly Way[] = [
  ['approved', 'hash', 'hashed'],
  ['hashed', 'copy', 'copied'],
  ['copied', 'verify', 'verified'],
  ['verified', 'seal', 'sealed'],
  ['sealed', 'link', 'linked'],
  ['linked', 'release', 'released'],
];

/** A retrieval up to its end, which is `restored` or `recalled`. */
export const untilPlaced = (end: FileState): readonly Way[] => [
  ['retrieving', 'bringOnline', 'online'],
  ['online', 'fetch', 'fetched'],
  ['fetched', 'verifyFetched', 'fetchVerified'],
  ['fetchVerified', 'place', end],
];

/** Brings all bags that are due along, as the services would. */
export async function move({ register }: Scene, ways: readonly Way[]): Promise<void> {
  for (const [from, event, to] of ways) {
    for (const due of await register.claims.due([from])) {
      const claim = await register.claims.claim(due.bagId, [from], 'test', 60_000);
      if (claim)
        await register.applyTransitions(
          claim,
          claim.files.map((file) => ({ id: file.id, event, from, to })),
          { stage: 'test', errorLimit: 1000 },
        );
    }
  }
}
