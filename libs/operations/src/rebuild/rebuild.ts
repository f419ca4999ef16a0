import { codeOf, ColdroomError, messageOf, NotYet, Refused } from '@coldroom/domain';
import type { RebuiltBag, Register } from '@coldroom/register';
import { holdPaths } from '@coldroom/trees';
import { foreignEntries } from '../foreign-entries';
import { chosenStore, unclaimed, withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { OriginalPaths } from './at-path';
import { describe, type RebuildPlaces } from './describe';
import { HeldOriginals } from './held';
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
    if (order.restored) await refuseWhileServicesWork(register);
    else await register.rebuild.checkEmpty();
    const held = await HeldOriginals.open(holdPaths(originals), opened.files);
    const places: RebuildPlaces = {
      store: await chosenStore(opened, order.store),
      originals: new OriginalPaths(originals.OMERO_DATA_DIR),
      held,
      numbersOf: (files) => register.rebuild.numbersOf(files),
      work: unclaimed(),
    };
    const tally = await register.alone('rebuild', () => new Run(register, places, order, by).all());
    if (!tally)
      throw new NotYet(
        'REBUILD_RUNNING',
        'Another "coldroom rebuild" fills this register right now; wait until it has ended',
      );
    return { store: places.store.name, tally };
  });
}

/** They would act on states that are about to change. */
async function refuseWhileServicesWork({ services }: Register): Promise<void> {
  const working = await services.working();
  if (working.length === 0) return;
  throw new Refused(
    'REGISTER_IN_USE',
    `Services work with this register (${working.join(', ')}); end them on all machines, wait two minutes, and run the command again`,
  );
}

/** One pass through all bags: first those that state the number of their request, then the rest. */
class Run {
  private readonly tally = new Tally();

  constructor(
    private readonly register: Register,
    private readonly places: RebuildPlaces,
    private readonly order: RebuildOrder,
    private readonly by: string,
  ) {}

  async all(): Promise<Tally> {
    let highest = 0n;
    for await (const each of this.places.held.bags()) if (each.highest > highest) highest = each.highest;
    if (!this.order.dryRun) await this.register.rebuild.numberFilesAbove(highest);
    for await (const bag of this.places.store.bags()) await this.one(bag, false);
    if (this.tally.later > 0) for await (const bag of this.places.store.bags()) await this.one(bag, true);
    if (this.order.restored) await refuseWhileServicesWork(this.register);
    if (this.order.restored && !this.order.dryRun)
      this.tally.newRequests.push(...(await this.register.rebuild.settleRest(this.by)));
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
    const answer = this.order.dryRun ? { requestId: described.requestNumber ?? 0n } : await this.add(described, last);
    if (answer === 'later') this.tally.later += 1;
    else if (answer === 'known') this.tally.known += last ? 0 : 1;
    else this.tally.add(described, answer.requestId, described.unlisted);
  }

  private isDone(name: string): Promise<boolean> {
    const { rebuild: register } = this.register;
    return this.order.restored ? register.isUpToDate(name, this.places.store.name) : register.knows(name);
  }

  private add(bag: RebuiltBag, last: boolean): ReturnType<Register['rebuild']['add']> {
    const { rebuild: register } = this.register;
    return this.order.restored ? register.catchUp(bag, this.by, last) : register.add(bag, this.by, last);
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
      const recognised = this.order.dryRun ? this.tally.heldIn(bag) : await this.register.rebuild.heldFiles(bag);
      if (files > recognised) this.tally.heldLeft.add({ bag, files: files - recognised, of: files, bytes });
    }
  }
}
