import { Refused } from '@coldroom/domain';
import { bufferMarker, type BufferSettings, type Imports } from '@coldroom/buffers';
import { openRoot, type Place, type Root } from '@coldroom/files';
import type { ImportControlFile, ImportOrder, OrderedFile } from '@coldroom/register';
import { controlFilesOf } from './control-files';

const slash = 0x2f;

/** The directories of one order, in a buffer that is mounted. Paths are below the roots. */
export interface OrderPlaces {
  readonly buffer: BufferSettings;
  /** The buffer's directory. */
  readonly root: Root;
  /** Below the buffer. */
  readonly source: Buffer;
  readonly controls: readonly ImportControlFile[];
  /** The directory or file of the source in the buffer has this place. */
  sourceOf(file: Pick<OrderedFile, 'path'>): Place;
  /** Directories of ours for this order: `locks` while it is imported, `removed` while its source is removed. */
  own(kind: OwnKind): OwnTree;
  /** Undefined where OMERO's server can read the buffer itself. `Transient` `ROOT_UNAVAILABLE`. */
  importRoot(): Promise<ImportRoot | undefined>;
}

/** Where the files of an order are copied for OMERO's server: `<import root>/<order>/<base name of the source>/…`. */
export interface ImportRoot {
  readonly root: Root;
  /** Below the root. */
  readonly directory: Buffer;
  of(file: Pick<OrderedFile, 'path'>): Place;
  /** Below `directory`. */
  nameOf(file: Pick<OrderedFile, 'path'>): Buffer;
}

export type OwnKind = 'locks' | 'removed';

/** A directory of ours that has the names of an order's files: `<directory>/<base name of the source>/…`. */
export interface OwnTree {
  readonly root: Root;
  /** Below the root. */
  readonly directory: Buffer;
  of(file: Pick<OrderedFile, 'path'>): Place;
  /** The source of what is at a path below `directory`. */
  sourceAt(path: Buffer): Place;
}

/** Where the files of orders are. */
export class SourcePlaces {
  constructor(readonly imports: Imports) {}

  bufferOf(order: Pick<ImportOrder, 'source' | 'display'>): BufferSettings {
    const buffer = this.imports.bufferOf(order.source);
    if (buffer) return buffer;
    throw new Refused(
      'IMPORT_SOURCE_OUTSIDE',
      `${order.display} is no longer in a buffer. Put its buffer back into the imports file, and retry.`,
    );
  }

  /** `Transient` `ROOT_UNAVAILABLE` where the buffer is not mounted. */
  async of(order: Pick<ImportOrder, 'id' | 'source' | 'display'>): Promise<OrderPlaces> {
    const buffer = this.bufferOf(order);
    const root = await this.imports.root(buffer);
    const locks = await locksOf(buffer, root);
    const source = order.source.subarray(buffer.directory.length + 1);
    const end = source.lastIndexOf(slash);
    const [parent, base] = [source.subarray(0, Math.max(end, 0)), source.subarray(end + 1)];
    return {
      buffer,
      root,
      source,
      controls: controlFilesOf(this.imports, buffer),
      sourceOf: ({ path }) => ({ root: root.directory, path: join(source, path) }),
      importRoot: async () => {
        const importRoot = await this.imports.importRoot(buffer);
        const directory = Buffer.from(String(order.id));
        return (
          importRoot && {
            root: importRoot,
            directory,
            of: ({ path }) => ({ root: importRoot.directory, path: join(directory, base, path) }),
            nameOf: ({ path }) => join(base, path),
          }
        );
      },
      own: (kind) => {
        const name = Buffer.from(kind === 'locks' ? String(order.id) : `${order.id}-removed`);
        const directory = join(locks.path, name);
        return {
          root: locks.root,
          directory,
          of: ({ path }) => ({ root: locks.root.directory, path: join(directory, base, path) }),
          sourceAt: (path) => ({ root: root.directory, path: join(parent, path) }),
        };
      },
    };
  }
}

/** The directory for locks, below the buffer or a root of its own. */
async function locksOf(
  { name, directory, locks }: BufferSettings,
  root: Root,
): Promise<{ readonly root: Root; readonly path: Buffer }> {
  if (locks.startsWith(`${directory}/`)) return { root, path: Buffer.from(locks.slice(directory.length + 1)) };
  return { root: await openRoot(locks, bufferMarker(name)), path: Buffer.alloc(0) };
}

export function join(...parts: readonly Buffer[]): Buffer {
  const full = parts.filter((part) => part.length > 0);
  return Buffer.concat(full.flatMap((part, at) => (at === 0 ? [part] : [Buffer.of(slash), part])));
}
