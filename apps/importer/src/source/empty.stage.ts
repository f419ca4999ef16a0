import { Inject, Injectable } from '@nestjs/common';
import { NotYet, Refused, type Identity, type Outcome } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim, type OrderedFile } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { LOOK_IN_OMERO, type LookInOmero } from './in-omero';
import { SOURCE_OPTIONS, type SourceOptions } from './options';
import { takeAway } from './own-tree';
import { parentsOf } from './parents';
import { SourcePlaces, type OrderPlaces } from './places';
import { removeControlFiles } from './remove-control-files';
import { filesOf, importedFilesOf } from './rows';
import { factsOf, policyOf, removable, type Facts } from './source-facts';

const hour = 3_600_000;
const day = 24 * hour;
const batchFiles = 64;

/** Removes the sources of imports that are proven, by the policy of their buffer: whole sets, or nothing of them. */
@Injectable()
export class EmptyStage implements ImportStage {
  readonly name = 'empty';
  readonly takes = ['done'] as const;

  constructor(
    readonly files: Files,
    readonly register: Register,
    private readonly places: SourcePlaces,
    @Inject(LOOK_IN_OMERO) readonly lookInOmero: LookInOmero,
    @Inject(SOURCE_OPTIONS) private readonly options: SourceOptions,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    try {
      await this.empty(claim, work);
    } catch (error) {
      // A done order does not get stuck: it only keeps its source.
      throw error instanceof Refused ? kept(error.message, day) : error;
    }
  }

  private async empty(claim: ImportClaim, work: StageWork): Promise<void> {
    const places = await this.places.of(claim.order);
    // Files that a worker had moved aside before it died go back: all is decided again.
    await takeAway(this.files, places.own('removed'), work);
    await this.refuseEarly(claim, places);
    for await (const batch of importedFilesOf(this.register, claim, batchFiles))
      await this.facts(claim, places, batch, work);
    for await (const batch of importedFilesOf(this.register, claim, batchFiles))
      await this.remove(claim, places, batch, work);
    await removeControlFiles(this, claim, places, work);
    await this.removeDirectories(claim, places, work);
    const left = await takeAway(this.files, places.own('removed'), work);
    if (left.kept > 0) throw kept(`files that were moved aside cannot go back: ${left.shown.join(', ')}`, day);
    await this.register.imports.advance(claim, { event: 'empty', to: 'emptied' });
  }

  /** Before anything is read. */
  private async refuseEarly({ order }: ImportClaim, { buffer }: OrderPlaces): Promise<void> {
    const { removeAfterMs, provenForMs, stopped } = await policyOf(order, buffer, this.options);
    if (stopped) throw kept('the removal of sources is stopped', 60_000);
    if (order.transfer === 'ln_s' || buffer.permanent || removeAfterMs === null)
      throw kept('sources of this buffer are not removed', day);
    if (provenForMs < removeAfterMs) throw kept('it is too early', Math.min(removeAfterMs - provenForMs, day));
    const other = await this.register.imports.sources.inUseBy(order);
    if (other !== undefined) throw kept(`import ${other} needs it, too`, hour);
    if (buffer.leftOut === 'file') return;
    const { count, first } = await this.register.imports.filesets.leftOut(order.id, 3);
    if (count > 0) throw kept(`OMERO leaves out ${count} of its files: ${first.join(', ')}`, day);
  }

  /** What is known of a batch now. One reason to keep one file keeps the set. */
  private async facts(
    claim: ImportClaim,
    places: OrderPlaces,
    batch: readonly OrderedFile[],
    work: StageWork,
  ): Promise<readonly Facts[]> {
    work.check();
    const policy = await policyOf(claim.order, places.buffer, this.options);
    const facts = await factsOf(this, claim, places, batch, work);
    const { refused, may } = removable(claim.order, facts, policy);
    if (refused) throw kept(`"${refused.file.display}": ${refused.reasons.join('; ')}`, day);
    return may;
  }

  /**
   * Each file is moved to a name of ours first, and looked at there: what came to its place a moment before is not removed
   * but goes back.
   */
  private async remove(
    claim: ImportClaim,
    places: OrderPlaces,
    batch: readonly OrderedFile[],
    work: StageWork,
  ): Promise<void> {
    const facts = await this.facts(claim, places, batch, work);
    const aside = places.own('removed');
    const pairs = facts.map(({ file, onDisk }) => ({ from: places.sourceOf(file), to: aside.of(file), file: onDisk }));
    await this.register.switches.refuseWhereStopped();
    const against = whyNotRemoved(facts, await this.files.move(pairs, { exact: true }, work));
    if (against !== undefined) {
      await takeAway(this.files, aside, work);
      throw kept(against, day);
    }
    await this.register.switches.refuseWhereStopped().catch(async (error: unknown) => {
      await takeAway(this.files, aside, work);
      throw error;
    });
    const removed = await this.files.removeOwn(
      pairs.map(({ to, file }) => ({ at: to, file })),
      work,
    );
    for (const outcome of removed) if (!('ok' in outcome)) throw outcome.error;
    await this.register.imports.looks.removed(
      claim,
      facts.map(({ file }) => file.id),
    );
  }

  /** The directories that had files of the set, if they are empty now, and the source itself. */
  private async removeDirectories(claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<void> {
    for await (const batch of filesOf(this.register, claim)) {
      const directories = parentsOf(batch).map((path) => places.sourceOf({ path }));
      await this.files.removeEmpty(directories, work);
    }
  }
}

function whyNotRemoved(facts: readonly Facts[], moved: readonly Outcome<Identity>[]): string | undefined {
  for (const [at, outcome] of moved.entries()) {
    const { file, shared } = facts[at]!;
    if (!('ok' in outcome)) return outcome.error.message;
    // OMERO reads the same file by a name of its own. If that name went at the very moment of the move, ours is the last one.
    if (shared && outcome.ok.links < 2) return `"${file.display}" has lost its name in OMERO`;
  }
  return undefined;
}

function kept(why: string, delayMs: number): NotYet {
  return new NotYet('IMPORT_SOURCE_KEPT', `Nothing of the source is removed: ${why.replace(/\.$/, '')}.`, {
    delayMs,
    noDeadline: true,
  });
}
