import { copyPath, NotYet, type ArchiveFile, type Store } from '@coldroom/domain';
import { otherStores } from '@coldroom/pipeline';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** Where the links of a bag are to lead, and where they lead now. */
export interface BagLinks {
  readonly to: Store;
  readonly oldTargetOf: (file: ArchiveFile) => Buffer;
}

/** Errors as of `otherStores`. */
export function linksOf(stores: Stores, claim: Claim): BagLinks {
  const { bag, store, movingTo, relinkFrom } = claim;
  if (movingTo === null && relinkFrom !== null) {
    const to = stores.get(store);
    return {
      to,
      oldTargetOf: (file) => {
        const target = to.linkTarget(bag, copyPath(file));
        const old = targetBelow(relinkFrom, target, bag, file);
        if (old.equals(target)) throw notMoved(store, relinkFrom);
        return old;
      },
    };
  }
  const { from, to } = otherStores(stores, claim);
  return { to, oldTargetOf: (file) => from.linkTarget(bag, copyPath(file)) };
}

/** The same target in another directory: what follows the directory of a store is alike wherever that is. */
function targetBelow(directory: string, target: Buffer, bag: string, file: ArchiveFile): Buffer {
  const inStore = `${bag}/data/`.length + copyPath(file).length;
  return Buffer.concat([Buffer.from(`${directory}/`), target.subarray(target.length - inStore)]);
}

function notMoved(store: string, directory: string): NotYet {
  return new NotYet(
    'STORE_NOT_MOVED',
    `the stores file of this linker still says that store ${store} is at ${directory}: change it, and restart the linker`,
    { delayMs: 60_000, noDeadline: true },
  );
}
