import { Injectable } from '@nestjs/common';
import { codeOf, messageOf, Refused, type Outcome, type Identity } from '@coldroom/domain';
import { Files, walk } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim, type ImportLock, type OrderedFile } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { lookAtSource, Look } from './look';
import { checkLocksAreOurs } from './own-directory';
import { SourcePlaces, type OrderPlaces } from './places';
import { filesOf } from './rows';
import { sameFile } from './same-file';
import { sourceBusy } from './source-busy';
import { startAgain } from './start-again';

const goneOrChanged = ['SOURCE_CHANGED', 'SOURCE_MISSING', 'PARENT_NOT_A_DIRECTORY', 'IMPORT_SOURCE_GONE'];

/** Keeps the files of a set from being deleted or changed, by names of ours: what they name is imported. */
@Injectable()
export class LockStage implements ImportStage {
  readonly name = 'lock';
  readonly takes = ['settled'] as const;

  constructor(
    readonly files: Files,
    readonly register: Register,
    private readonly places: SourcePlaces,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const places = await this.places.of(claim.order);
    try {
      const lock = await this.lock(claim, places, work);
      await this.register.imports.advance(claim, { event: 'lock', to: 'locked', lock });
    } catch (error) {
      if (!goneOrChanged.includes(codeOf(error))) throw error;
      await startAgain(this, claim, places, work);
      await this.register.imports.advance(claim, { event: 'changed', to: 'ordered' });
    }
  }

  private async lock(claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<ImportLock> {
    const { buffer } = places;
    const wanted = claim.order.transfer === 'ln_s' ? 'none' : buffer.lock;
    try {
      return await this.lockBy(wanted, claim, places, work);
    } catch (error) {
      if (codeOf(error) !== 'LINK_NOT_POSSIBLE') throw error;
      if (buffer.fallback === 'refuse') throw notPossible(error, buffer.name);
      await startAgain(this, claim, places, work);
      return this.lockBy(buffer.fallback, claim, places, work);
    }
  }

  private async lockBy(
    lock: ImportLock,
    claim: ImportClaim,
    places: OrderPlaces,
    work: StageWork,
  ): Promise<ImportLock> {
    if (lock !== 'none') await checkLocksAreOurs(places.buffer);
    if (lock === 'moved') await this.take(claim);
    for await (const batch of filesOf(this.register, claim)) {
      work.check();
      const outcomes = await this.lockBatch(lock, batch, places, work);
      const locked = batch.map((file, at) => {
        const outcome = outcomes[at]!;
        if (!('ok' in outcome)) throw outcome.error;
        return { id: file.id, identity: outcome.ok };
      });
      await this.register.imports.looks.identities(claim, locked);
    }
    await this.checkComplete(lock, claim, places);
    return lock;
  }

  /** Recorded before the first file is moved: no other order takes what is left for a set. */
  private async take(claim: ImportClaim): Promise<void> {
    const other = await this.register.imports.sources.take(claim);
    if (other !== undefined) throw sourceBusy(claim.order, other);
  }

  private async lockBatch(
    lock: ImportLock,
    batch: readonly OrderedFile[],
    places: OrderPlaces,
    work: StageWork,
  ): Promise<readonly Outcome<Identity>[]> {
    if (lock === 'none') return this.seen(batch, places);
    const own = places.own('locks');
    const pairs = batch.map((file) => ({ from: places.sourceOf(file), to: own.of(file), file: file.identity }));
    return lock === 'links' ? this.files.link(pairs, work) : this.files.move(pairs, { exact: false }, work);
  }

  private async seen(batch: readonly OrderedFile[], places: OrderPlaces): Promise<readonly Outcome<Identity>[]> {
    const found = await this.files.inspect(batch.map((file) => places.sourceOf(file)));
    return found.map((each, at) => {
      if (each.kind === 'refused') return { error: each.error };
      if (each.kind === 'file' && sameFile(each.identity, batch[at]!.identity)) return { ok: each.identity };
      return { error: new Refused('SOURCE_CHANGED', `"${batch[at]!.display}" is not the file that was found first.`) };
    });
  }

  /** Files that came to the set since it was settled belong to it: it is looked at again as a whole. */
  private async checkComplete(lock: ImportLock, { order }: ImportClaim, places: OrderPlaces): Promise<void> {
    const expected = lock === 'moved' ? new Look().content : order.content;
    const { content } =
      lock === 'moved' ? await this.leftBehind(places) : await lookAtSource(this.files, places, order);
    if (content !== expected)
      throw new Refused('SOURCE_CHANGED', `${order.display} has files that came or went since it was looked at.`);
  }

  /** What is in the source although all files of the set were moved. */
  private async leftBehind(places: OrderPlaces): Promise<Look> {
    const look = new Look();
    const [found] = await this.files.inspect([{ root: places.root.directory, path: places.source }]);
    if (found?.kind === 'missing') return look;
    if (found?.kind === 'directory')
      for await (const batch of walk(this.files, places.root, places.source))
        for (const entry of batch) look.add(entry);
    else look.add({ path: Buffer.alloc(0), kind: 'other', identity: (found as { identity: Identity }).identity });
    return look;
  }
}

function notPossible(cause: unknown, buffer: string): Refused {
  return new Refused(
    'LINK_NOT_POSSIBLE',
    `${messageOf(cause)} Links are only made of files that the importer's user owns or may read and write, and on one file system. Change that, or set fallback for the buffer ${buffer} in the imports file; then retry.`,
    {},
    { cause },
  );
}
