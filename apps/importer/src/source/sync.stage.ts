import { Injectable } from '@nestjs/common';
import { Transient } from '@coldroom/domain';
import { Files, type Found, type Place } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim, type OrderedFile } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { lockedPlace } from './imported-path';
import { SourcePlaces, type ImportRoot, type OrderPlaces } from './places';
import { filesOf } from './rows';
import { sameFile } from './same-file';

const batchFiles = 256;

/**
 * Copies the locked files of a buffer that OMERO's server cannot read below an import root that it can, and reads the
 * copies from the disk. What was copied before a crash is read again, and kept if it is right. Other buffers need nothing.
 */
@Injectable()
export class SyncStage implements ImportStage {
  readonly name = 'sync';
  readonly takes = ['hashed'] as const;

  constructor(
    private readonly files: Files,
    private readonly register: Register,
    private readonly places: SourcePlaces,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const places = await this.places.of(claim.order);
    const root = await places.importRoot();
    if (root)
      for await (const batch of filesOf(this.register, claim, batchFiles)) {
        work.check();
        await this.copy(claim, places, root, await this.without(batch, root, work), work);
      }
    await this.register.imports.advance(claim, { event: 'sync', to: 'synced' });
  }

  /** The files of which there is no right copy. */
  private async without(
    batch: readonly OrderedFile[],
    root: ImportRoot,
    work: StageWork,
  ): Promise<readonly OrderedFile[]> {
    const found = await this.files.inspect(batch.map((file) => root.of(file)));
    const there = batch.filter((file, at) => isWhole(file, found[at]!));
    const right = await this.right(there, root, work);
    return batch.filter((file) => !right.has(file.id));
  }

  private async copy(
    { order }: ImportClaim,
    places: OrderPlaces,
    root: ImportRoot,
    batch: readonly OrderedFile[],
    work: StageWork,
  ): Promise<void> {
    if (batch.length === 0) return;
    const from = batch.map((file) => lockedPlace(places, order, file));
    const found = await this.files.inspect(from);
    const copied = await this.files.copy(
      batch.map((file, at) => ({ ...from[at]!, copyPath: root.nameOf(file), identity: identityOf(file, found[at]!) })),
      { root: root.root.directory, prefix: root.directory },
      work,
      { plain: true, bytesPerSecond: places.buffer.rate },
    );
    for (const outcome of copied) if (!('ok' in outcome)) throw outcome.error;
    const right = await this.right(batch, root, work);
    const wrong = batch.find((file) => !right.has(file.id));
    if (!wrong) return;
    throw new Transient(
      'IMPORT_COPY_WRONG',
      `The copy of "${wrong.display}" below ${root.root.directory} does not have the content of the source. It is copied again.`,
    );
  }

  /** The numbers of those whose copies, read from the disk, have the content of the locked files. */
  private async right(batch: readonly OrderedFile[], root: ImportRoot, work: StageWork): Promise<ReadonlySet<bigint>> {
    const copies: readonly Place[] = batch.map((file) => root.of(file));
    const outcomes = await this.files.hash(
      copies.map((place) => ({ ...place, algorithms: ['SHA-256' as const] })),
      { direct: true },
      work,
    );
    const right = batch.filter((file, at) => {
      const outcome = outcomes[at]!;
      return 'ok' in outcome && outcome.ok.digests['SHA-256'] === file.digests['SHA-256'];
    });
    return new Set(right.map(({ id }) => id));
  }
}

const isWhole = (file: OrderedFile, found: Found): boolean =>
  found.kind === 'file' && found.identity.size === file.size;

/** What the locked file is now: its ctime changes when a name of it is removed. The copy is compared by its content. */
function identityOf(file: OrderedFile, found: Found): OrderedFile['identity'] {
  return found.kind === 'file' && sameFile(found.identity, file.identity) ? found.identity : file.identity;
}
