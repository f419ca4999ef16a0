import { Inject, Injectable } from '@nestjs/common';
import type { Identity } from '@coldroom/domain';
import { Files, sameContent } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim, type OrderedFile } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { hasLocks } from './imported-path';
import { LOOK_IN_OMERO, staysInOmero, type LookInOmero } from './in-omero';
import { lastLook } from './last-look';
import { takeAway } from './own-tree';
import { removeCopies } from './remove-copies';
import { SourcePlaces, type OrderPlaces } from './places';
import { filesOf } from './rows';
import { sameFile } from './same-file';

/** The end of a proven import: a last look at the files, and our names are taken away. */
@Injectable()
export class UnlockStage implements ImportStage {
  readonly name = 'unlock';
  readonly takes = ['verified'] as const;

  constructor(
    readonly files: Files,
    readonly register: Register,
    private readonly places: SourcePlaces,
    @Inject(LOOK_IN_OMERO) readonly lookInOmero: LookInOmero,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const places = await this.places.of(claim.order);
    await lastLook(this, claim, places, work);
    await removeCopies(this, claim, places, work);
    if (hasLocks(claim.order)) await this.unlock(claim, places, work);
    await this.register.imports.advance(claim, { event: 'unlock', to: 'done', proven: true });
  }

  private async unlock(claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<void> {
    for await (const batch of filesOf(this.register, claim)) {
      work.check();
      await this.removeLast(claim, places, batch, work);
      await this.release(claim, places, batch, work);
    }
    const { kept, shown } = await takeAway(this.files, places.own('locks'), work);
    if (kept > 0) await this.register.imports.looks.note(claim, 'import files kept', { kept, shown });
  }

  /** Our name is the last one of a file that the person has deleted: it goes if OMERO has the file. */
  private async removeLast(
    claim: ImportClaim,
    places: OrderPlaces,
    batch: readonly OrderedFile[],
    work: StageWork,
  ): Promise<void> {
    if (claim.order.lock !== 'links') return;
    const own = batch.map((file) => places.own('locks').of(file));
    const atOwn = await this.files.inspect(own);
    const atSource = await this.files.inspect(batch.map((file) => places.sourceOf(file)));
    for (const [at, file] of batch.entries()) {
      const [ours, source] = [atOwn[at]!, atSource[at]!];
      if (ours.kind !== 'file' || !sameContent(ours.identity, file.identity)) continue;
      if (source.kind === 'file' && sameFile(source.identity, file.identity)) continue;
      if (!staysInOmero(file, await this.lookInOmero(claim.order, file, work), ours.identity)) continue;
      const [removed] = await this.files.removeOwn([{ at: own[at]!, file: file.identity }], work);
      if (removed && !('ok' in removed)) throw removed.error;
    }
  }

  /** The identity of a source is recorded as our own step has left it, and not if anything else has touched it. */
  private async release(
    claim: ImportClaim,
    places: OrderPlaces,
    batch: readonly OrderedFile[],
    work: StageWork,
  ): Promise<void> {
    const pairs = batch.map((file) => ({ from: places.sourceOf(file), to: places.own('locks').of(file) }));
    const outcomes = await this.files.release(pairs, { moveBack: true }, work);
    const changed: { readonly id: bigint; readonly identity: Identity }[] = [];
    for (const [at, outcome] of outcomes.entries()) {
      if (!('ok' in outcome)) throw outcome.error;
      const { own, source } = outcome.ok;
      const file = batch[at]!;
      if (own && source && sameContent(own, file.identity) && sameFile(source, file.identity))
        changed.push({ id: file.id, identity: source });
    }
    await this.register.imports.looks.identities(claim, changed);
  }
}
