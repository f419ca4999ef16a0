import { readlink } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { displayPath, Files, type Found, type Place } from '@coldroom/files';
import { ImportDatabase, type FileMade } from '@coldroom/omero';
import { recordInPlace } from '@coldroom/operations';
import { Register, type ImportOrder, type OrderedFile } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Originals } from '@coldroom/trees';
import { importedFilesOf } from '../source/rows';
import { SourcePlaces } from '../source/places';

const repository = 'ManagedRepository';

/** How long after the proof, and after each look, what was imported in place is looked at again, in milliseconds. */
export class LookAgain {
  constructor(readonly ms: number) {}
}

/**
 * Looks again at what OMERO has in place: whether each link still leads to its source, and each file has its size. No file
 * is read, and nothing is changed.
 */
@Injectable()
export class InPlaceRound {
  constructor(
    private readonly register: Register,
    private readonly database: ImportDatabase,
    private readonly originals: Originals,
    private readonly places: SourcePlaces,
    private readonly files: Files,
    private readonly lookAgain: LookAgain,
    private readonly log: Log,
  ) {}

  async run(stop: AbortSignal): Promise<void> {
    const { inPlace } = this.register.imports;
    for (const order of await inPlace.due(this.lookAgain.ms)) {
      if (stop.aborted) break;
      try {
        if (await this.lookAt(order, stop)) await inPlace.looked(order.id);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('import in place not looked at', { import: order.id, code, reason, next: 'it will be retried' });
      }
    }
    await recordInPlace(this.register);
  }

  /** False: stopped before the end. */
  private async lookAt(order: ImportOrder, stop: AbortSignal): Promise<boolean> {
    await this.originals.root(repository);
    const sources = order.transfer === 'ln_s' ? await this.places.of(order) : undefined;
    for await (const batch of importedFilesOf(this.register, { order })) {
      if (stop.aborted) return false;
      const made = await this.madeOf(batch);
      const here = batch.filter((file) => made.has(file.originalFileId!));
      const at = here.map((file) => this.placeOf(made.get(file.originalFileId!)!));
      const found = await this.files.inspect(at);
      const targets = sources && (await this.files.inspect(here.map((file) => sources.sourceOf(file))));
      const broken = new Map<bigint, string>();
      for (const [nr, file] of here.entries()) {
        const wrong = sources
          ? await wrongLink(file, at[nr]!, found[nr]!, sources.sourceOf(file), targets![nr]!)
          : wrongFile(file, found[nr]!, 'OMERO has');
        if (wrong !== undefined) broken.set(file.id, wrong);
      }
      await this.register.imports.inPlace.found(
        order.id,
        batch.map(({ id }) => ({ id, broken: broken.get(id) ?? null })),
      );
    }
    return true;
  }

  /** Files that OMERO has, by their numbers there; without those that Coldroom archives, as audits look at them. */
  private async madeOf(batch: readonly OrderedFile[]): Promise<ReadonlyMap<bigint, FileMade>> {
    const ids = batch.flatMap(({ originalFileId }) => (originalFileId === null ? [] : [originalFileId]));
    const made = await this.database.filesByIds(ids);
    const ours = await this.register.imports.inPlace.archived(made.map(({ path }) => path));
    const archived = new Set(ours.map((path) => path.toString('latin1')));
    const others = made.filter(({ path }) => !archived.has(path.toString('latin1')));
    return new Map(others.map((file) => [file.originalFileId, file]));
  }

  private placeOf({ path }: FileMade): Place {
    return { root: this.originals.directory(repository), path };
  }
}

async function wrongLink(
  file: OrderedFile,
  at: Place,
  found: Found,
  source: Place,
  target: Found,
): Promise<string | undefined> {
  if (found.kind !== 'link')
    return found.kind === 'file' ? 'OMERO has a file, not the link' : wrongFile(file, found, 'OMERO has');
  const to = await readlink(absolute(at), { encoding: 'buffer' });
  if (!to.equals(absolute(source))) return `the link leads to ${displayPath(to)}`;
  return wrongFile(file, target, 'the link leads to');
}

/** What is wrong with what was found in the place of a file. Throws where nothing could be seen. */
function wrongFile({ size }: OrderedFile, found: Found, what: string): string | undefined {
  if (found.kind === 'refused') {
    if (found.error.code === 'PARENT_NOT_A_DIRECTORY') return `${what} a link in place of a directory on the way`;
    throw found.error;
  }
  if (found.kind === 'missing') return `${what} nothing`;
  if (found.kind !== 'file') return `${what} a ${found.kind}`;
  return found.identity.size === size ? undefined : `${what} ${found.identity.size} bytes`;
}

const absolute = ({ root, path }: Place): Buffer => Buffer.concat([Buffer.from(`${root}/`), path]);
