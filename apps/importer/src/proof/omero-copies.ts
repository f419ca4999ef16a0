import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { omeroAlgorithms, type Digests, type InOmero, type OmeroAlgorithm, type Work } from '@coldroom/domain';
import { Files, type Place } from '@coldroom/files';
import { ImportDatabase, type FileMade } from '@coldroom/omero';
import type { ImportOrder, OrderedFile } from '@coldroom/register';
import { Originals } from '@coldroom/trees';
import { SourcePlaces } from '../source/places';

/** OMERO's file of an order, read now. */
export interface OmeroCopy extends InOmero {
  readonly digests: Digests;
}

const root = 'ManagedRepository';

/** Reads the files that imports made in OMERO's repository. */
@Injectable()
export class OmeroCopies {
  constructor(
    private readonly files: Files,
    private readonly originals: Originals,
    private readonly database: ImportDatabase,
    private readonly places: SourcePlaces,
  ) {}

  /**
   * Reads one file from the disk, past the page cache where that is possible. One that OMERO has as a symbolic link counts
   * only if it leads to the source itself, and is read there. `Transient` where the repository or the buffer is not mounted.
   */
  async read(order: ImportOrder, file: OrderedFile, made: FileMade, work: Work): Promise<OmeroCopy> {
    await this.originals.root(root);
    const place: Place = { root: this.originals.directory(root), path: made.path };
    const [found] = await this.files.inspect([place]);
    if (found?.kind === 'refused' && found.error.kind === 'transient') throw found.error;
    const nothing = {
      size: made.size,
      sha256: null,
      file: null,
      linked: found?.kind === 'link',
      images: made.images,
      digests: {},
    };
    const at = found?.kind === 'link' ? await this.target(order, file, place) : place;
    if (!at || (found?.kind !== 'file' && found?.kind !== 'link')) return nothing;
    const [read] = await this.files.hash([{ ...at, algorithms: algorithmsOf(made) }], { direct: true }, work);
    if (read && 'error' in read && read.error.kind === 'transient') throw read.error;
    if (!read || !('ok' in read)) return nothing;
    const { identity, digests } = read.ok;
    return { ...nothing, size: identity.size, sha256: digests['SHA-256'] ?? null, file: identity, digests };
  }

  /** Of a file that was proven; undefined if OMERO has it no longer. */
  async look(order: ImportOrder, file: OrderedFile, work: Work): Promise<InOmero | undefined> {
    if (file.originalFileId === null) return undefined;
    const made = await this.database.fileOf(file.originalFileId);
    return made && this.read(order, file, made, work);
  }

  /** The source, if the link leads there. */
  private async target(order: ImportOrder, file: OrderedFile, { path }: Place): Promise<Place | undefined> {
    const source = (await this.places.of(order)).sourceOf(file);
    const link = Buffer.concat([Buffer.from(`${join(this.originals.directory(root))}/`), path]);
    const to = await readlink(link, { encoding: 'buffer' });
    return to.equals(Buffer.concat([Buffer.from(`${source.root}/`), source.path])) ? source : undefined;
  }
}

/** Ours, and the one that OMERO recorded, in one read. */
function algorithmsOf({ algorithm }: FileMade): readonly ('SHA-256' | OmeroAlgorithm)[] {
  return ['SHA-256', ...omeroAlgorithms.filter((known) => known === algorithm)];
}
