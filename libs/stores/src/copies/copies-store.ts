import {
  codeOf,
  Refused,
  type ColdroomError,
  type CopyDigest,
  type CopyRead,
  type CopyStatus,
  type DigestAlgorithm,
  type FetchOrder,
  type FileSystemLook,
  type KnownNames,
  type Availability,
  type Outcome,
  type RecallUse,
  type Source,
  type Store,
  type StoreUse,
  type TagFile,
  type Work,
} from '@coldroom/domain';
import { heldIn } from './held';
import { mergeDigests, mergeStatus } from './merge';

/**
 * A bag in two or more stores. Everything is written to all of them and counts only when it is in all; a retrieval
 * reads from the first that can deliver it. Links lead to the first.
 */
export class CopiesStore implements Store {
  readonly kind = 'copies';
  readonly acceptedReads: readonly CopyRead[];
  readonly wantedDigests: readonly DigestAlgorithm[];
  readonly recallRoot: string | undefined;
  readonly unprotected: boolean;

  /** @param members in the order in which they are read; opened and closed by their creator */
  constructor(
    readonly name: string,
    private readonly members: readonly Store[],
  ) {
    this.acceptedReads = [...new Set(members.flatMap((store) => store.acceptedReads))];
    this.wantedDigests = [...new Set(members.flatMap((store) => store.wantedDigests))];
    this.recallRoot = this.first.recallRoot;
    this.unprotected = members.some((store) => store.unprotected);
  }

  get namesNotKept(): readonly string[] {
    return this.members.flatMap((store) => store.namesNotKept ?? []);
  }

  refusalOf(copyPath: Buffer, known: KnownNames): Refused | undefined {
    for (const store of this.members) {
      const refused = store.refusalOf(copyPath, known);
      if (refused) return refused;
    }
    return undefined;
  }

  get fileSystems(): readonly FileSystemLook[] {
    return this.members.flatMap((store) => store.fileSystems ?? []);
  }

  async check(use: StoreUse, recall?: RecallUse): Promise<void> {
    await this.inAll((store) => store.check(use, recall));
  }

  async put(
    bag: string,
    sources: readonly Source[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    const sealed = await this.sealedIn(bag);
    if (sealed.length === this.members.length)
      throw new Refused('BAG_SEALED', `The bag ${bag} is sealed; nothing more is added to it.`, { bag });
    const answers = await this.inAll((store) =>
      sealed.includes(store) ? heldIn(store, bag, sources) : store.put(bag, sources, work),
    );
    return sources.map((_, at) => worst(answers.map((each) => each[at]!)));
  }

  async digest(
    bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]> {
    const answers = await this.inAll((store) => store.digest(bag, paths, algorithms, work));
    return paths.map((_, at) =>
      mergeDigests(this.members.map((store, member) => ({ store, outcome: answers[member]![at]! }))),
    );
  }

  async seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void> {
    await this.inAll((store) => store.seal(bag, paths, tags, work));
  }

  async isSealed(bag: string): Promise<boolean> {
    return (await this.sealedIn(bag)).length === this.members.length;
  }

  async stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]> {
    const answers = await this.inAll((store) => store.stat(bag, paths));
    return paths.map((_, at) =>
      mergeStatus(this.members.map(({ name }, member) => ({ name, status: answers[member]![at] }))),
    );
  }

  async bringOnline(bag: string, paths: readonly Buffer[], work: Work): Promise<readonly Outcome<Availability>[]> {
    return this.firstOf(paths, this.members, (store, some) => store.bringOnline(bag, some, work));
  }

  async fetch(
    bag: string,
    orders: readonly FetchOrder[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    const groups = Map.groupBy(orders, ({ attempt = 0 }) => attempt % this.members.length);
    const outcomes = new Map<FetchOrder, Outcome<{ readonly size: bigint }>>();
    for (const [turn, group] of groups) {
      const fetched = await this.firstOf(
        group,
        [...this.members.slice(turn), ...this.members.slice(0, turn)],
        (store, some) => store.fetch(bag, some, work),
      );
      group.forEach((order, at) => outcomes.set(order, fetched[at]!));
    }
    return orders.map((order) => outcomes.get(order)!);
  }

  async *bags(): AsyncIterable<string> {
    for (const [at, store] of this.members.entries()) {
      for await (const bag of store.bags()) if (!(await isIn(bag, this.members.slice(0, at)))) yield bag;
    }
  }

  async *foreign(): AsyncIterable<string> {
    for (const store of this.members) for await (const name of store.foreign?.() ?? []) yield `${store.name}/${name}`;
  }

  async list(bag: string): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
    const all = await this.inAll((store) => store.list(bag));
    return [...new Map(all.flat().map((copy) => [copy.path.toString('latin1'), copy])).values()];
  }

  async readTag(bag: string, name: string): Promise<Buffer | undefined> {
    for (const store of this.members) {
      const found = await store.readTag(bag, name);
      if (found) return found;
    }
    return undefined;
  }

  linkTarget(bag: string, path: Buffer): Buffer {
    return this.first.linkTarget(bag, path);
  }

  /** The members belong to their creator. */
  async close(): Promise<void> {}

  private get first(): Store {
    const [first] = this.members;
    if (!first) throw new RangeError(`the store ${this.name} has no members`);
    return first;
  }

  /**
   * Not all of them if a seal was interrupted, a store was replaced, or the bag was in one store before it was copied
   * to the others.
   */
  private async sealedIn(bag: string): Promise<readonly Store[]> {
    const sealed = await this.inAll((store) => store.isSealed(bag));
    return this.members.filter((_, at) => sealed[at]);
  }

  /**
   * Waits for all members before it reports a failure: nothing continues in the background. That a bag is sealed in one
   * member is reported last, as some callers can accept it.
   */
  private async inAll<T>(act: (store: Store) => Promise<T>): Promise<readonly T[]> {
    const settled = await Promise.allSettled(this.members.map(act));
    const failed = settled.filter((each) => each.status === 'rejected');
    if (failed.length > 0) throw (failed.find(({ reason }) => codeOf(reason) !== 'BAG_SEALED') ?? failed[0]!).reason;
    return settled.map((each) => (each as PromiseFulfilledResult<T>).value);
  }

  /**
   * Queries the stores in turn, each for what those before it could not deliver. What none can deliver fails with the
   * error of the last.
   */
  private async firstOf<T, R>(
    items: readonly T[],
    stores: readonly Store[],
    ask: (store: Store, some: readonly T[]) => Promise<readonly Outcome<R>[]>,
  ): Promise<readonly Outcome<R>[]> {
    const outcomes = new Map<T, Outcome<R>>();
    let failed: unknown;
    for (const store of stores) {
      const open = items.filter((item) => !('ok' in (outcomes.get(item) ?? {})));
      if (open.length === 0) break;
      try {
        const answers = await ask(store, open);
        open.forEach((item, at) => outcomes.set(item, answers[at]!));
      } catch (error) {
        if (codeOf(error) === 'CLAIM_LOST') throw error;
        failed = error;
      }
    }
    if (outcomes.size < items.length) throw failed;
    return items.map((item) => outcomes.get(item)!);
  }
}

function worst<T>(outcomes: readonly Outcome<T>[]): Outcome<T> {
  return outcomes.find((outcome): outcome is { readonly error: ColdroomError } => 'error' in outcome) ?? outcomes[0]!;
}

async function isIn(bag: string, stores: readonly Store[]): Promise<boolean> {
  for (const store of stores) if (await store.readTag(bag, 'bagit.txt')) return true;
  return false;
}

/**
 * `Refused` `STORES_INVALID` if a store of several copies names itself, one of its kind, or one that does not exist.
 */
export function membersOf(
  name: string,
  names: readonly string[],
  stores: ReadonlyMap<string, Store>,
): readonly Store[] {
  return names.map((each) => {
    const store = stores.get(each);
    if (!store)
      throw new Refused(
        'STORES_INVALID',
        `The store ${name} is to keep copies in "${each}", which is no plain store of the list.`,
        { store: name },
      );
    return store;
  });
}
