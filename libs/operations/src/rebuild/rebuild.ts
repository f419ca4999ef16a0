import { codeOf, ColdroomError, messageOf, NotYet } from '@coldroom/domain';
import type { Rebuild, RebuiltBag, Register } from '@coldroom/register';
import { holdPaths } from '@coldroom/trees';
import { foreignEntries } from '../foreign-entries';
import { refuseWhileServicesWork } from '../services-at-work';
import { chosenStore, unclaimed, withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { OriginalPaths } from './at-path';
import { describe, type RebuildPlaces } from './describe';
import { HeldOriginals, type NumbersOf } from './held';
import { Tally } from './tally';

export interface RebuildOrder {
  /** The store to read; if omitted, the default store. */
  readonly store?: string | undefined;
  readonly dryRun: boolean;
  /** The register was restored from a backup: what the bags know beyond it is added. */
  readonly restored?: boolean;
  /** Called before each bag is read. */
  readonly progress: (tally: Tally, bag: string) => void;
}

/**
 * Only an empty register is filled, or one that was restored from a backup, and by one process at a time. What an
 * interrupted rebuild did is kept.
 */
export async function rebuild(
  around: Surroundings,
  register: Register,
  order: RebuildOrder,
  by: string,
): Promise<{ readonly store: string; readonly tally: Tally }> {
  const originals = around.settings('originals');
  return withStores(around, async (opened) => {
    if (order.restored) await refuseWhileServicesWork(register.services);
    else await register.rebuild.checkEmpty();
    const held = await HeldOriginals.open(holdPaths(originals), opened.files);
    const places = {
      store: await chosenStore(opened, order.store),
      originals: new OriginalPaths(originals.OMERO_DATA_DIR),
      held,
      work: unclaimed(),
    };
    const run = (filled: Rebuild): Promise<Tally> => {
      const numbersOf: NumbersOf = (files) => filled.numbersOf(files);
      return new Run(register.services, filled, { ...places, numbersOf }, order, by).all();
    };
    const tally = await register.alone('rebuild', () =>
      order.restored && order.dryRun ? register.rebuild.rehearse(run) : run(register.rebuild),
    );
    if (!tally)
      throw new NotYet(
        'REBUILD_RUNNING',
        'Another "coldroom rebuild" fills this register right now; wait until it has ended',
      );
    return { store: places.store.name, tally };
  });
}

/** One pass through all bags: first those that state the number of their request, then the rest. */
class Run {
  private readonly tally = new Tally();

  constructor(
    private readonly services: Register['services'],
    private readonly register: Rebuild,
    private readonly places: RebuildPlaces,
    private readonly order: RebuildOrder,
    private readonly by: string,
  ) {}

  /** What is added to a restored register depends on all bags before: a dry run does it, and rolls it back. */
  private get onlyReads(): boolean {
    return this.order.dryRun && !this.order.restored;
  }

  async all(): Promise<Tally> {
    let highest = 0n;
    for await (const each of this.places.held.bags()) if (each.highest > highest) highest = each.highest;
    if (!this.onlyReads) await this.register.numberFilesAbove(highest);
    for await (const bag of this.places.store.bags()) await this.one(bag, false);
    if (this.tally.later > 0) for await (const bag of this.places.store.bags()) await this.one(bag, true);
    if (this.order.restored) {
      await refuseWhileServicesWork(this.services);
      this.tally.newRequests.push(...(await this.register.settleRest(this.by)));
    }
    await this.lookAtHeld();
    this.tally.foreign = await foreignEntries(this.places.store);
    return this.tally;
  }

  private async one(name: string, last: boolean): Promise<void> {
    if (!last) this.tally.found += 1;
    if (this.tally.leftOutNames.has(name)) return;
    if (/^validate-/.test(name)) {
      if (!last) this.tally.validations += 1;
      return;
    }
    if (await this.isDone(name)) {
      if (!last) this.tally.known += 1;
      return;
    }
    this.order.progress(this.tally, name);
    const described = await this.read(name);
    if (!described) return;
    const answer = this.onlyReads ? { requestId: described.requestNumber ?? 0n } : await this.add(described, last);
    if (answer === 'later') this.tally.later += 1;
    else if (answer === 'known') this.tally.known += last ? 0 : 1;
    else this.tally.add(described, answer.requestId, described.unlisted);
  }

  private isDone(name: string): Promise<boolean> {
    return this.order.restored ? this.register.isUpToDate(name, this.places.store.name) : this.register.knows(name);
  }

  private add(bag: RebuiltBag, last: boolean): ReturnType<Rebuild['add']> {
    return this.order.restored ? this.register.catchUp(bag, this.by, last) : this.register.add(bag, this.by, last);
  }

  /**
   * A bag that is not credible or cannot be read is reported and left out; an unavailable disk or server ends the run.
   */
  private async read(name: string): Promise<(RebuiltBag & { readonly unlisted: number }) | undefined> {
    try {
      return await describe(this.places, name);
    } catch (error) {
      if (error instanceof ColdroomError && error.kind !== 'refused') throw error;
      this.tally.leaveOut(name, codeOf(error), messageOf(error));
      return undefined;
    }
  }

  private async lookAtHeld(): Promise<void> {
    for await (const { bag, files, bytes } of this.places.held.bags()) {
      const recognised = this.onlyReads ? this.tally.heldIn(bag) : await this.register.heldFiles(bag);
      if (files > recognised) this.tally.heldLeft.add({ bag, files: files - recognised, of: files, bytes });
    }
  }
}
