import { Inject, Injectable } from '@nestjs/common';
import { crashPoint, Refused } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { LOOK_IN_OMERO, type LookInOmero } from './in-omero';
import { SOURCE_OPTIONS, type SourceOptions } from './options';
import { checkLocksAreOurs } from './own-directory';
import { takeAway } from './own-tree';
import { parentsOf } from './parents';
import { SourcePlaces, type OrderPlaces } from './places';
import { removeControlFiles } from './remove-control-files';
import { filesOf, importedFilesOf } from './rows';
import { refuseReasons, policyOf } from './source-facts';
import { day, hour, kept } from './source-kept';
import { moveAside, refuseTouched, removeAside } from './whole-set';

const lookedAtOnce = 64;
const namesAtOnce = 100;

/**
 * Removes the sources of imports that are proven, by the policy of their buffer: whole sets, or nothing of them. All files
 * are moved to names of ours first and looked at there, so what came to their places a moment before is not removed. One
 * reason against one file, and all go back. A worker that dies in between leaves the rest to the next run, which gives back
 * what it finds and decides again.
 */
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
    await this.returnFiles(claim, places, work);
    await this.refuseEarly(claim, places);
    await this.look(claim, places, 'source', work);
    await this.take(claim, places);
    crashPoint('import-empty:1-recorded');
    try {
      await this.remove(claim, places, work);
    } catch (error) {
      if (!work.signal.aborted) await this.returnFiles(claim, places, work); // else the next run does it
      throw error;
    }
    await this.removeDirectories(claim, places, work);
    await this.returnFiles(claim, places, work); // directories of ours; no file is left there
    await this.register.imports.advance(claim, { event: 'empty', to: 'emptied' });
  }

  /** Before anything is read. */
  private async refuseEarly({ order }: ImportClaim, { buffer }: OrderPlaces): Promise<void> {
    const { removeAfterMs, provenForMs, stopped } = await policyOf(order, buffer, this.options);
    if (stopped) throw kept('the removal of sources is stopped', 60_000);
    if (order.transfer === 'ln_s' || buffer.permanent || removeAfterMs === null)
      throw kept('sources of this buffer are not removed', day);
    if (provenForMs < removeAfterMs) throw kept('it is too early', Math.min(removeAfterMs - provenForMs, day));
    await checkLocksAreOurs(buffer);
    const other = await this.register.imports.sources.inUseBy(order);
    if (other !== undefined) throw kept(`import ${other} needs it, too`, hour);
    if (buffer.leftOut === 'file') return;
    const { count, first } = await this.register.imports.filesets.leftOut(order.id, 3);
    if (count > 0) throw kept(`OMERO leaves out ${count} of its files: ${first.join(', ')}`, day);
  }

  /** All that is known of each file now, where it is. OMERO's file is read for it. */
  private async look(
    claim: ImportClaim,
    places: OrderPlaces,
    where: 'source' | 'aside',
    work: StageWork,
  ): Promise<void> {
    const at = where === 'source' ? places.sourceOf : places.own('removed').of;
    for await (const batch of importedFilesOf(this.register, claim, lookedAtOnce)) {
      work.check();
      const policy = await policyOf(claim.order, places.buffer, this.options);
      await refuseReasons(this, claim, at, batch, policy, work);
    }
  }

  /** No other order may look at the source while its files are elsewhere. Recorded before the first one is moved. */
  private async take(claim: ImportClaim, { buffer }: OrderPlaces): Promise<void> {
    await checkLocksAreOurs(buffer);
    const other = await this.register.imports.sources.take(claim);
    if (other !== undefined) throw kept(`import ${other} needs it, too`, hour);
  }

  private async remove(claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<void> {
    const batches = (): ReturnType<typeof importedFilesOf> => importedFilesOf(this.register, claim, namesAtOnce);
    for await (const batch of batches()) await moveAside(this, claim, places, batch, work);
    await this.look(claim, places, 'aside', work);
    // Reading all files takes long: what happened to the first ones meanwhile keeps the set as well.
    for await (const batch of batches()) await refuseTouched(this, places, batch);
    for await (const batch of batches()) await removeAside(this, claim, places, batch, work);
    await removeControlFiles(this, claim, places, work);
  }

  private async returnFiles(claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<void> {
    const left = await takeAway(this.files, places.own('removed'), work);
    await this.register.imports.sources.gaveBack(claim);
    if (left.kept > 0) throw kept(`files that were moved aside cannot go back: ${left.shown.join(', ')}`, day);
  }

  /** The directories that had files of the set, if they are empty now, and the source itself. */
  private async removeDirectories(claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<void> {
    for await (const batch of filesOf(this.register, claim)) {
      const directories = parentsOf(batch).map((path) => places.sourceOf({ path }));
      await this.files.removeEmpty(directories, work);
    }
  }
}
