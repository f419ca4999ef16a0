import { dirname } from 'node:path';
import type { Register, RelinkProgress, StoredBag } from '@coldroom/register';
import type { Store } from '@coldroom/domain';
import { onlyRead } from '@coldroom/stores';
import { Originals } from '@coldroom/trees';
import { untilNotBusy, type Notify } from '../busy';
import { UsageError } from '../failure';
import { withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { refuseWhereStopped } from '../switches/stopped';
import { waiting, type Waiting } from '../waiting';
import { lookAtLinks, type LinkFound } from './look';

const namesShown = 10;
const stillMs = 15_000;

/** How the links of a store's files were found. */
export interface RelinkPlan {
  readonly store: string;
  /** Where its links are to lead. */
  readonly directory: string;
  /** Links that lead there already. */
  here: number;
  /** Links that lead into other directories, by directory. */
  readonly elsewhere: Map<string, number>;
  /** Of these, by why they cannot be led to the store now: the codes are those of stuck files. */
  readonly kept: Map<string, number>;
  /** Paths at which there is no link of ours. */
  notOurs: number;
  /** Files that are being worked on, or stuck, and others of their bags. */
  left: number;
  /** Bags that the store does not have: a few names, and the number of all. */
  readonly missingBags: { names: string[]; count: number };
}

interface Relinking {
  readonly register: Register;
  readonly store: Store;
  readonly originals: Originals;
}

/** Opens the store and OMERO's trees for `use`. `Refused` `STORE_UNKNOWN`; errors of an unavailable store as of `check`. */
export async function withRelinking<T>(
  around: Surroundings,
  name: string,
  use: (relinking: Relinking) => Promise<T>,
): Promise<T> {
  return around.register((register) =>
    withStores(around, async ({ stores, dataDir }) => {
      const store = stores.get(name);
      if (store.isOnlyRead) throw onlyRead(name);
      await store.check('read');
      return use({ register, store, originals: new Originals(dataDir) });
    }),
  );
}

/** Looks at every link and copy of the store, bag by bag. Changes nothing. */
export async function planRelink(relinking: Relinking, show: (links: number) => void): Promise<RelinkPlan> {
  const { register, store } = relinking;
  const plan: RelinkPlan = {
    store: store.name,
    directory: dirname(store.linkTarget('bag', Buffer.from('a')).toString()).replace(/\/bag\/data$/, ''),
    here: 0,
    elsewhere: new Map(),
    kept: new Map(),
    notOurs: 0,
    left: 0,
    missingBags: { names: [], count: 0 },
  };
  let seen = 0;
  for await (const bag of register.relinks.bags(store.name)) {
    if (!(await store.isSealed(bag.name))) {
      plan.missingBags.count += 1;
      if (plan.missingBags.names.length < namesShown) plan.missingBags.names.push(bag.name);
    }
    const { found, left } = await lookAtBag(relinking, bag);
    plan.left += left;
    for (const each of found) count(plan, each);
    show((seen += found.length));
  }
  return plan;
}

function count(plan: RelinkPlan, { directory, code }: LinkFound): void {
  if (directory === undefined) plan.notOurs += 1;
  else if (directory === plan.directory) plan.here += 1;
  else {
    plan.elsewhere.set(directory, (plan.elsewhere.get(directory) ?? 0) + 1);
    if (code !== undefined) plan.kept.set(code, (plan.kept.get(code) ?? 0) + 1);
  }
}

async function lookAtBag(
  { register, store, originals }: Relinking,
  bag: StoredBag,
): Promise<{ readonly found: readonly LinkFound[]; readonly left: number }> {
  const { atRest, left } = await register.relinks.files(bag.id);
  return { found: await lookAtLinks(originals, store, bag.name, atRest), left };
}

/** The directory that links are to leave: the named one, or the only one that there is. */
export function leftDirectory(plan: RelinkPlan, named: string | undefined): string | undefined {
  const others = [...plan.elsewhere.keys()];
  if (named !== undefined) {
    if (!named.startsWith('/')) throw new UsageError(`--from needs an absolute directory, not "${named}"`);
    return named.replace(/(?<=.)\/+$/, '');
  }
  if (others.length > 1)
    throw new UsageError(`Links lead into several directories; say which with --from: ${others.join(', ')}`);
  return others[0];
}

/**
 * Has the linker lead the links that lead into `from` to the store, bag by bag, each when it is free. Links whose copies
 * are not seen there as they were proven stay as they are. Returns how many links were asked for.
 */
export async function relink(relinking: Relinking, from: string, by: string, notify: Notify): Promise<number> {
  const { register, store } = relinking;
  let asked = 0;
  for await (const bag of register.relinks.bags(store.name)) {
    const { found } = await lookAtBag(relinking, bag);
    const ready = found.filter(({ directory, code }) => directory === from && code === undefined);
    const ids = ready.map(({ file }) => file.id);
    if (ids.length > 0) asked += await untilNotBusy(notify, () => register.relinks.ask(bag.id, ids, from, by));
  }
  return asked;
}

/** Leaves what is on its way as it is; returns how many links. */
export async function cancelRelink(register: Register, store: string, by: string, notify: Notify): Promise<number> {
  let files = 0;
  for (const bag of await register.relinks.underWay(store))
    files += await untilNotBusy(notify, () => register.relinks.cancel(bag, by));
  return files;
}

/** Waits until every link leads to the store or needs a person. */
export async function* untilRelinked(
  register: Register,
  store: string,
): AsyncGenerator<Waiting<RelinkProgress>, RelinkProgress> {
  return yield* waiting({
    read: () => register.relinks.progress(store),
    isOver: ({ files, stuck }) => files === stuck,
    stillMs,
    whenStill: () => refuseWhereStopped(register, 'The links are asked for'),
  });
}
