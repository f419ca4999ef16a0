import type { FileState } from '@coldroom/domain';
import { amount, type Amount } from '@coldroom/operations';
import type { RetrievalAmount } from '@coldroom/register';

/** Files of a retrieval that are equally far. The name gives the colour. */
export interface RetrievalStep extends Amount {
  readonly name: string;
  readonly words: string;
}

/** From the goal back to the beginning, as a bar fills from its left. */
const steps: readonly { readonly name: string; readonly words: string; readonly states: readonly FileState[] }[] = [
  { name: 'freed', words: 'back in OMERO', states: ['restored', 'undone'] },
  { name: 'lent', words: 'can be opened in OMERO', states: ['recalled'] },
  { name: 'checked', words: 'fetched, being compared and put in place', states: ['fetched', 'fetchVerified'] },
  { name: 'undone', words: 'being put back from where they were kept', states: ['undoing'] },
  { name: 'copied', words: 'being fetched', states: ['online'] },
  { name: 'waiting', words: 'waiting for the store', states: ['retrieving'] },
  { name: 'stuck', words: 'set aside, an administrator has to look', states: ['stuck'] },
];

export function retrievalSteps(amounts: readonly RetrievalAmount[]): readonly RetrievalStep[] {
  const known = steps.map(({ name, words, states }) => ({
    name,
    words,
    ...amount(amounts, ({ state }) => states.includes(state)),
  }));
  const rest = amount(amounts, ({ state }) => !steps.some(({ states }) => states.includes(state)));
  return [...known, { name: 'left', words: 'in the archive only', ...rest }].filter(({ files }) => files > 0);
}
