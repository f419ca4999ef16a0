import { Injectable } from '@nestjs/common';
import type { RootName } from '@coldroom/domain';
import { displayPath, Files, identify, type Found } from '@coldroom/files';
import { OmeroDatabase, pyramidCompanions, type Closure, type ClosureFile } from '@coldroom/omero';
import { Originals } from '@coldroom/trees';
import {
  describeKept,
  Register,
  type Closure as DraftClosure,
  type NewFile,
  type NewImage,
  type Skip,
} from '@coldroom/register';
import { batches } from './batches';
import { LinkTroubles } from './link-troubles';
import { StoreNames, type WhyNotKept } from './store-names';
import { verdictOn } from './verdict';

const batchSize = 1000;
/** The service that reports at each batch. */
const scanner = 'scanner';

/** A part of the closure that is not included now, and why. */
export interface LeftOut {
  readonly component: string;
  readonly code:
    'IN_ANOTHER_REQUEST' | 'PYRAMID_BEING_WRITTEN' | 'FILES_ELSEWHERE' | 'NO_FILES' | 'IMAGES_KEPT' | 'NOT_SELECTED';
  readonly reason: string;
}

export interface Judged extends DraftClosure {
  readonly leftOut: readonly LeftOut[];
  /** How many components are included. */
  readonly taken: number;
  /** Components of which no file is included, as OMERO could not open them through links. */
  readonly notOpened: ReadonlyMap<string, Skip>;
}

/** What speaks against files before they are looked at. */
interface Against {
  readonly leftOut: ReadonlyMap<string, LeftOut>;
  readonly notOpened: ReadonlyMap<string, Skip>;
  readonly whyNotKept: WhyNotKept;
}

/**
 * Turns OMERO's closure of some images into the content of a request: every image and file of it, each file inspected
 * on disk.
 */
@Injectable()
export class Closures {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly files: Files,
    private readonly originals: Originals,
    private readonly troubles: LinkTroubles,
    private readonly storeNames: StoreNames,
  ) {}

  /**
   * @param requestId the request that these images already belong to, if any
   * @param selectedOnly leaves out what would bring other images along
   */
  async judge<T>(
    imageIds: readonly bigint[],
    requestId: bigint | null,
    use: (judged: Judged) => Promise<T>,
    { selectedOnly = false } = {},
  ): Promise<T> {
    return this.omero.withClosure(imageIds, async (closure) => {
      const leftOut = await this.leftOut(closure, requestId, selectedOnly);
      const notOpened = await this.troubles.of(closure);
      const whyNotKept = await this.storeNames.whyNotKept();
      let components = 0;
      for await (const component of closure.components) if (!leftOut.has(component.name)) components += 1;
      return use({
        leftOut: [...leftOut.values()],
        taken: components,
        notOpened,
        images: imagesOf(closure, leftOut),
        files: this.filesOf(closure, { leftOut, notOpened, whyNotKept }),
      });
    });
  }

  private async leftOut(
    closure: Closure,
    requestId: bigint | null,
    selectedOnly: boolean,
  ): Promise<ReadonlyMap<string, LeftOut>> {
    const left = new Map<string, LeftOut>();
    const leave = (component: string, code: LeftOut['code'], reason: string): void => {
      left.set(component, { component, code, reason });
    };
    const withFiles = this.withFiles(closure);
    let next = await withFiles.next(); // in the order of the components
    for await (const { name, foreignFiles } of closure.components) {
      const hasFiles = next.value === name;
      if (foreignFiles > 0) leave(name, 'FILES_ELSEWHERE', `${foreignFiles} of its files are in another repository`);
      else if (!hasFiles) leave(name, 'NO_FILES', 'OMERO names no file of it, and nothing of it is on disk');
      if (hasFiles) next = await withFiles.next();
    }
    for await (const images of batches(closure.images, batchSize)) {
      const ids = images.map((image) => image.imageId);
      const known = await this.register.requests.requestsOf(ids);
      for (const image of images) {
        if (selectedOnly && !image.marked)
          leave(
            image.component,
            'NOT_SELECTED',
            `Image:${image.imageId} shares files with it and does not meet the conditions`,
          );
        const other = known.get(image.imageId);
        if (other !== undefined && other !== requestId)
          leave(image.component, 'IN_ANOTHER_REQUEST', `Image:${image.imageId} belongs to request ${other}`);
      }
      const kept = await this.register.kept.among(ids);
      for (const { imageId, component } of images) {
        const mark = kept.get(imageId);
        if (mark) leave(component, 'IMAGES_KEPT', `${describeKept(mark)} is kept out of archiving`);
      }
      const pixels = images.flatMap((image) => image.pixelsIds.map((id) => ({ id, component: image.component })));
      const locks = await this.look(
        'Pixels',
        pixels.map(({ id }) => lockPath(id)),
      );
      pixels.forEach(({ id, component }, index) => {
        const lock = locks[index];
        if (lock?.kind === 'refused' && lock.error.kind === 'transient') throw lock.error;
        if (lock && lock.kind !== 'missing')
          leave(
            component,
            'PYRAMID_BEING_WRITTEN',
            `OMERO may be writing the pyramid of Pixels:${id}: there is a ${displayPath(lockPath(id))}`,
          );
      });
    }
    return left;
  }

  /** The names of the components that have any file, whether according to OMERO or on disk. */
  private async *withFiles(closure: Closure): AsyncGenerator<string> {
    let last: string | undefined;
    for await (const files of batches(closure.files, batchSize)) {
      const optional = files.filter((file) => !file.mandatory);
      const found = await this.look(
        'Pixels',
        optional.map((file) => file.path),
      );
      const there = new Set(optional.filter((_, index) => found[index]?.kind !== 'missing'));
      for (const file of files) {
        if (file.component === last || !(file.mandatory || there.has(file))) continue;
        last = file.component;
        yield last;
      }
    }
  }

  private async *filesOf(
    closure: Closure,
    { leftOut, notOpened, whyNotKept }: Against,
  ): AsyncGenerator<readonly NewFile[]> {
    for await (const files of batches(closure.files, batchSize)) {
      const wanted = files.filter((file) => !leftOut.has(file.component));
      for (const root of new Set(wanted.map((file) => file.root))) await this.originals.root(root);
      await this.register.services.advanced(scanner);
      const found = await this.files.inspect(
        wanted.map((file) => ({ root: this.originals.directory(file.root), path: file.path })),
        { protection: true },
      );
      yield wanted.flatMap((file, index) => {
        const against = notOpened.get(file.component) ?? whyNotKept(file);
        const verdict = found[index] && verdictOn(file, found[index], against);
        return verdict ? [draft(file, verdict)] : [];
      });
    }
  }

  private async look(root: RootName, paths: readonly Buffer[]): Promise<readonly Found[]> {
    // An OMERO without OMERO 4 data may never have created this tree.
    if (paths.length === 0 || (await identify(this.originals.directory(root))) === null) return [];
    await this.originals.root(root);
    await this.register.services.advanced(scanner);
    return this.files.inspect(paths.map((path) => ({ root: this.originals.directory(root), path })));
  }
}

/** The lock that OMERO holds while it writes a pyramid. */
function lockPath(pixelsId: bigint): Buffer {
  const { directory, lock } = pyramidCompanions(pixelsId);
  return Buffer.from(`${directory}${lock}`);
}

async function* imagesOf(closure: Closure, leftOut: ReadonlyMap<string, LeftOut>): AsyncGenerator<readonly NewImage[]> {
  for await (const images of batches(closure.images, batchSize)) {
    yield images
      .filter((image) => !leftOut.has(image.component))
      .map(({ imageId, name, component, marked }) => ({ imageId, name, fileset: component, marked }));
  }
}

function draft(file: ClosureFile, verdict: NewFile['verdict']): NewFile {
  return {
    fileset: file.component,
    root: file.root,
    path: file.path,
    display: displayPath(file.path),
    size: 'take' in verdict ? verdict.take.size : (file.size ?? 0n),
    originalFileId: file.originalFileId,
    pixelsId: file.pixelsId,
    omeroHash: file.hash,
    verdict,
  };
}
