import type { Store } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';

const namesShown = 10;

/** What is in a store's directory and is not Coldroom's: a part of the names, and the number of all. */
export interface ForeignEntries {
  readonly store: string;
  readonly count: number;
  readonly names: readonly string[];
}

export async function foreignEntries(store: Store): Promise<ForeignEntries> {
  const names: string[] = [];
  let count = 0;
  for await (const name of store.foreign?.() ?? []) {
    count += 1;
    if (names.length < namesShown) names.push(displayPath(Buffer.from(name)));
  }
  return { store: store.name, count, names };
}
