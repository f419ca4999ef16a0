import type { Command } from 'commander';
import { codeOf, ColdroomError, messageOf, NotYet } from '@coldroom/domain';
import type { RebuiltBag, Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { holdPaths } from '@coldroom/trees';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { byOption } from '../options';
import { OriginalPaths } from '@coldroom/operations';
import { describe, type RebuildPlaces } from '@coldroom/operations';
import { HeldOriginals } from '@coldroom/operations';
import { Tally, tallyLines } from '@coldroom/operations';
import { chosenStore, unclaimed, withStores } from '@coldroom/operations';
import { LiveLines } from '../waiting';

interface Options {
  readonly store?: string;
  readonly dryRun?: boolean;
  readonly by?: string;
}

export function addRebuild(program: Command, act: Act): void {
  program
    .command('rebuild')
    .description(
      'fill an empty register from the bags of a store, after the register was lost; where it was interrupted, run it again',
    )
    .option('--store <name>', 'the store to read (default: the default store); for several stores, one after the other')
    .option('--dry-run', 'read everything and tell, but write nothing')
    .option(...byOption)
    .addHelpText('after', examples('rebuild --dry-run', 'rebuild --store main'))
    .action((options: Options) => act((context) => rebuild(context, options)));
}

async function rebuild(context: Context, { store: name, dryRun = false, by = person() }: Options): Promise<ExitCode> {
  const originals = context.settings('originals');
  return context.register((register) =>
    withStores(context, async (places) => {
      await register.rebuild.checkEmpty();
      const held = await HeldOriginals.open(holdPaths(originals), places.files);
      const around = {
        store: await chosenStore(places, name),
        originals: new OriginalPaths(originals.OMERO_DATA_DIR),
        held,
        work: unclaimed(),
      };
      const done = await register.alone('rebuild', () => new Run(context, register, around, dryRun, by).all());
      if (!done)
        throw new NotYet(
          'REBUILD_RUNNING',
          'Another "coldroom rebuild" fills this register right now; wait until it has ended',
        );
      context.out.result({ dryRun, store: around.store.name, ...done.document() }, () => tallyLines(done, dryRun));
      return done.isWhole ? exitCodes.ok : exitCodes.partly;
    }),
  );
}

/** One pass through all bags: first those that state the number of their request, then the rest. */
class Run {
  private readonly tally = new Tally();
  private readonly live: LiveLines;

  constructor(
    context: Context,
    private readonly register: Register,
    private readonly around: RebuildPlaces,
    private readonly dryRun: boolean,
    private readonly by: string,
  ) {
    this.live = new LiveLines(context.out, 'stderr');
  }

  async all(): Promise<Tally> {
    let highest = 0n;
    for await (const each of this.around.held.bags()) if (each.highest > highest) highest = each.highest;
    if (!this.dryRun) await this.register.rebuild.numberFilesAbove(highest);
    for await (const bag of this.around.store.bags()) await this.one(bag, false);
    if (this.tally.later > 0) for await (const bag of this.around.store.bags()) await this.one(bag, true);
    await this.lookAtHeld();
    this.live.clear();
    return this.tally;
  }

  private async one(name: string, last: boolean): Promise<void> {
    if (!last) this.tally.found += 1;
    if (this.tally.leftOutNames.has(name)) return;
    if (/^validate-/.test(name)) {
      if (!last) this.tally.validations += 1;
      return;
    }
    if (await this.register.rebuild.knows(name)) {
      if (!last) this.tally.known += 1;
      return;
    }
    this.live.spin(
      `${formatCount(this.tally.found)} bags found, ${formatCount(this.tally.bags)} rebuilt (${formatBytes(this.tally.bytes)}); reading ${name}`,
    );
    const described = await this.read(name);
    if (!described) return;
    const answer = this.dryRun
      ? { requestId: described.requestNumber ?? 0n }
      : await this.register.rebuild.add(described, this.by, last);
    if (answer === 'later') this.tally.later += 1;
    else if (answer !== 'known') this.tally.add(described, answer.requestId, described.unlisted);
  }

  /**
   * A bag that is not credible or cannot be read is reported and left out; an unavailable disk or server ends the run.
   */
  private async read(name: string): Promise<(RebuiltBag & { readonly unlisted: number }) | undefined> {
    try {
      return await describe(this.around, name);
    } catch (error) {
      if (error instanceof ColdroomError && error.kind !== 'refused') throw error;
      this.tally.leaveOut(name, codeOf(error), messageOf(error));
      return undefined;
    }
  }

  private async lookAtHeld(): Promise<void> {
    for await (const { bag, files, bytes } of this.around.held.bags()) {
      const recognised = this.dryRun ? this.tally.heldIn(bag) : await this.register.rebuild.heldFiles(bag);
      if (files > recognised) this.tally.heldLeft.add({ bag, files: files - recognised, of: files, bytes });
    }
  }
}
