import {
  copyPath,
  type CopyDigest,
  type Outcome,
  type Source,
  type Store,
  type TagFile,
  type Work,
} from '@coldroom/domain';
import { identify, openRoot, openDirectory, writeMarker, type Root } from '@coldroom/files';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { DescribedFile } from '@coldroom/bagit';
import { tagFiles } from '@coldroom/bagit';

/** The test of one guarantee. */
export interface Check {
  readonly promise: string;
  readonly check: (bench: Bench) => Promise<void>;
}

/** A guarantee that the store did not keep. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** A guarantee that could not be tested here. */
export class NotTried extends Error {
  override readonly name = 'NotTried';
}

export function expectThat(kept: boolean, otherwise: string): void {
  if (!kept) throw new Broken(otherwise);
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Small files of our own, one bag, and the store's methods in short form. */
export class Bench {
  readonly contents = new Map<string, Buffer>();

  private constructor(
    readonly store: Store,
    readonly bag: string,
    /** Sources are written below it, and what is fetched. */
    readonly root: Root,
    readonly work: Work,
  ) {}

  /** `directory` must be empty and used by us alone: sources and fetched files are written there. */
  static async open(store: Store, bag: string, directory: string, work: Work): Promise<Bench> {
    await writeMarker(directory, 'validate');
    const root = await openRoot(directory, 'validate');
    return new Bench(store, bag, root, work);
  }

  /** Writes a source file below `ManagedRepository`, or other content into it. */
  async lay(name: Buffer, content: Buffer): Promise<Buffer> {
    const directory = await openDirectory(this.root, Buffer.from('sources'), { create: true });
    try {
      await writeFile(directory.at(name), content);
    } finally {
      await directory.close();
    }
    this.contents.set(name.toString('latin1'), content);
    return name;
  }

  async source(name: Buffer): Promise<Source> {
    const path = Buffer.concat([Buffer.from('sources/'), name]);
    const identity = await identify(Buffer.concat([Buffer.from(`${this.root.directory}/`), path]));
    if (!identity) throw new Error(`the source file ${name.toString()} is gone`);
    return { root: this.root.directory, path, copyPath: this.key(name), identity };
  }

  key(name: Buffer): Buffer {
    return copyPath({ root: 'ManagedRepository', path: name });
  }

  async put(...names: readonly Buffer[]): Promise<void> {
    const outcomes = await this.store.put(
      this.bag,
      await Promise.all(names.map((name) => this.source(name))),
      this.work,
    );
    outcomes.forEach((outcome) => {
      if ('error' in outcome) throw new Broken(`put was refused: ${outcome.error.code}: ${outcome.error.message}`);
    });
  }

  async digest(...names: readonly Buffer[]): Promise<readonly Outcome<CopyDigest>[]> {
    return this.store.digest(
      this.bag,
      names.map((name) => this.key(name)),
      ['SHA-256'],
      this.work,
    );
  }

  /** The copies of these files have the content of their sources. */
  async expectContents(...names: readonly Buffer[]): Promise<void> {
    const outcomes = await this.digest(...names);
    names.forEach((name, at) => {
      const outcome = outcomes[at]!;
      if ('error' in outcome)
        throw new Broken(`reading back was refused: ${outcome.error.code}: ${outcome.error.message}`);
      const content = this.contents.get(name.toString('latin1'))!;
      expectThat(
        outcome.ok.digests['SHA-256'] === sha256(content) && outcome.ok.size === BigInt(content.length),
        `other bytes came back than were put (${content.length} bytes)`,
      );
    });
  }

  async tags(names: readonly Buffer[], date = new Date(0)): Promise<readonly TagFile[]> {
    const files = await Promise.all(
      names.map(async (name): Promise<DescribedFile> => ({
        copyPath: this.key(name),
        root: 'ManagedRepository',
        path: name,
        fileset: 'Fileset:0',
        originalFileId: null,
        pixelsId: null,
        imageIds: [],
        owner: 'coldroom',
        group: 'validation',
        identity: (await this.source(name)).identity,
        omeroHash: null,
        digests: { 'SHA-256': sha256(this.contents.get(name.toString('latin1'))!) },
      })),
    );
    return tagFiles({ bag: this.bag, date, files });
  }

  /** The code with which this was refused; `Broken` if it was not. */
  async refusal(act: Promise<unknown>): Promise<string> {
    try {
      await act;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
    throw new Broken('it was not refused');
  }

  /** Work whose claim has run out. */
  get lateWork(): Work {
    return { ...this.work, deadline: new BigInt64Array(new SharedArrayBuffer(8)) };
  }
}
