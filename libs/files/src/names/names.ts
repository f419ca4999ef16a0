import type { Claim } from '../claim';
import type { Trees } from '../trees';
import { link, type WirePair } from './link';
import { move, setAside } from './move';
import { release } from './release';
import { remove, removeEmpty } from './remove';
import { TwoEnds, type WirePlace } from './two-ends';

/** Work on names of files: those of people, and ours beside them. No content is read or written. */
export type NamesTask =
  | { readonly act: 'link'; readonly pairs: readonly WirePair[] }
  | { readonly act: 'move'; readonly pairs: readonly WirePair[]; readonly exact: boolean }
  | { readonly act: 'release'; readonly pairs: readonly Pick<WirePair, 'from' | 'to'>[]; readonly moveBack: boolean }
  | { readonly act: 'remove'; readonly names: Parameters<typeof remove>[0] }
  | { readonly act: 'setAside'; readonly from: WirePlace; readonly to: WirePlace }
  | { readonly act: 'removeEmpty'; readonly directories: readonly WirePlace[] };

export function names(task: NamesTask, claim: Claim, trees: Trees): unknown {
  const ends = new TwoEnds(trees, claim);
  try {
    switch (task.act) {
      case 'link':
        return link(task.pairs, ends);
      case 'move':
        return move(task.pairs, task.exact, ends);
      case 'release':
        return release(task.pairs, task.moveBack, ends);
      case 'remove':
        return remove(task.names, ends);
      case 'setAside':
        return setAside(task.from, task.to, ends);
      case 'removeEmpty':
        return removeEmpty(task.directories, ends);
    }
  } finally {
    ends.close();
  }
}
