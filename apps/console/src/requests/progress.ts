import type { FileState } from '@coldroom/domain';
import { amount, type Amount, type RequestDetails } from '@coldroom/operations';

/** Files of a request that are equally far, in the words of a researcher. */
export interface Step extends Amount {
  readonly name: StepName;
  readonly words: string;
}

export type StepName = keyof typeof steps;

/** From the goal back to the beginning, as a bar fills from its left. Skipped and declined files take no part. */
const steps = {
  freed: { words: 'safe in the archive, original removed', states: ['released'] },
  held: { words: 'safe in the archive, original kept for now', states: ['linked'] },
  safe: { words: 'safe in the archive, original still in its place', states: ['sealed'] },
  checked: { words: 'copied, being checked', states: ['copied', 'verified'] },
  copied: { words: 'being copied', states: ['hashed'] },
  waiting: { words: 'waiting for their turn', states: ['registered', 'approved'] },
  moving: {
    words: 'safe in the archive, moving to another store',
    states: ['moving', 'moveCopied', 'moveVerified', 'moveSealed'],
  },
  returning: {
    words: 'safe in the archive, being brought back',
    states: ['retrieving', 'online', 'fetched', 'fetchVerified'],
  },
  lent: { words: 'safe in the archive, available for some days', states: ['recalled'] },
  undone: { words: 'being put back in their place', states: ['undoing'] },
  back: { words: 'back in their place', states: ['restored', 'undone'] },
  stuck: { words: 'set aside, an administrator has to look', states: ['stuck'] },
  left: { words: 'left where they were', states: ['abandoned'] },
} as const satisfies Record<string, { readonly words: string; readonly states: readonly FileState[] }>;

const inArchive: readonly StepName[] = ['freed', 'held', 'safe', 'moving', 'returning', 'lent'];

export function stepsOf(states: RequestDetails['states']): readonly Step[] {
  return (Object.keys(steps) as StepName[])
    .map((name) => {
      const rows = states.filter(({ state }) => (steps[name].states as readonly FileState[]).includes(state));
      return { name, words: steps[name].words, ...amount(rows) };
    })
    .filter(({ files }) => files > 0);
}

/** What is proven to be in the archive, whatever happens to the originals. */
export const safeIn = (found: readonly Step[]): Amount => amount(found.filter(({ name }) => inArchive.includes(name)));
