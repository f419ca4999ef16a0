import { Refused, rootNames, type TransferMode } from '@coldroom/domain';
import { checkPath, displayPath, markerName, openRoot, type Root } from '@coldroom/files';
import { join } from 'node:path';
import { seenBy } from './access';
import { canonical, kindOf } from './look';
import { isWithin, realPlace, touches } from './places';
import { inOmero, leadsOut, neither, notSeen, outside, reserved, tooWide } from './refusals';
import { readImportsSettings, type BufferSettings, type ImportsSettings, type Instrument } from './settings';

/** A file or directory of a buffer that may be imported. */
export interface ImportSource {
  readonly buffer: BufferSettings;
  /** Absolute: the buffer's directory as it is configured, and no link below it. */
  readonly path: Buffer;
  /** The same relative to the buffer's directory. */
  readonly below: Buffer;
  readonly display: string;
  readonly kind: 'file' | 'directory';
}

/** A directory of a buffer, as someone may look into it. */
export interface SeenDirectory {
  readonly buffer: BufferSettings;
  readonly root: Root;
  /** As that of `ImportSource`. */
  readonly path: Buffer;
  /** Empty for the buffer itself. */
  readonly below: Buffer;
}

/** The buffers that data is imported from, as the imports file describes them. */
export class Imports {
  readonly buffers: readonly BufferSettings[];
  readonly instruments: readonly Instrument[];

  /** Nothing in OMERO's data directory is a source. */
  constructor(
    settings: ImportsSettings,
    private readonly omeroDataDir: string,
  ) {
    this.buffers = settings.buffers;
    this.instruments = settings.instruments;
  }

  /** Reads the imports file. `Refused` `IMPORTS_INVALID`. */
  static async read(path: string, omeroDataDir: string): Promise<Imports> {
    return new Imports(await readImportsSettings(path), omeroDataDir);
  }

  /** The buffer of a source, by its recorded path; undefined for a path in none, or among locks. */
  bufferOf(path: Buffer): BufferSettings | undefined {
    return this.buffers.find(
      ({ directory, locks }) => isWithin(path, Buffer.from(directory)) && !isWithin(path, Buffer.from(locks)),
    );
  }

  /** `Transient` `ROOT_UNAVAILABLE` where the buffer is not mounted: it has no marker of this name. */
  async root({ directory, name }: BufferSettings): Promise<Root> {
    return openRoot(directory, bufferMarker(name));
  }

  /** Where the files of a buffer are copied for OMERO's server; undefined for one that it can read. As `root` otherwise. */
  async importRoot({ name, sync }: BufferSettings): Promise<Root | undefined> {
    return sync === undefined ? undefined : openRoot(sync, importRootMarker(name));
  }

  /** The mode that is wanted, or the first one of the buffer. `Refused` `IMPORT_TRANSFER_NOT_ALLOWED`. */
  transferOf({ name, transfers }: BufferSettings, wanted?: TransferMode): TransferMode {
    const mode = wanted ?? transfers[0];
    if (mode !== undefined && transfers.includes(mode)) return mode;
    throw new Refused(
      'IMPORT_TRANSFER_NOT_ALLOWED',
      `The buffer ${name} does not allow the transfer ${mode}. Use ${transfers.join(' or ')}.`,
    );
  }

  /**
   * What an absolute path leads to once all links are followed, if `login` may order its import. `seesAll` is for those who
   * order for others. A person learns nothing about paths elsewhere, not even whether they exist. The path may lead elsewhere
   * as soon as this returns: whoever works on it walks from the buffer's root and follows no link.
   */
  async resolveSource(path: Buffer, login: string, seesAll: boolean): Promise<ImportSource> {
    const shown = displayPath(path);
    const { buffer, root, real, below } = await this.resolve(path, login, seesAll);
    if (below.length === 0 || isTooWide(below, login, buffer)) throw tooWide(shown);
    await this.refuseReserved(real, below, shown);
    const kind = await kindOf(root, below, shown);
    const source = Buffer.concat([Buffer.from(`${buffer.directory}/`), below]);
    return { buffer, path: source, below, display: displayPath(source), kind };
  }

  /**
   * A directory that the person may look into, which need not be a source: also the whole one of a person, or a shared one.
   * `Refused` as `resolveSource`; walk from `root` on.
   */
  async resolveDirectory(path: Buffer, login: string, seesAll: boolean): Promise<SeenDirectory> {
    const shown = displayPath(path);
    const { buffer, root, real, below } = await this.resolve(path, login, seesAll);
    if (below.length > 0) {
      await this.refuseReserved(real, below, shown, isWithin);
      if ((await kindOf(root, below, shown)) !== 'directory') throw neither(shown);
    }
    const directory = Buffer.concat([
      Buffer.from(buffer.directory),
      ...(below.length > 0 ? [Buffer.from('/'), below] : []),
    ]);
    return { buffer, root, path: directory, below };
  }

  private async resolve(path: Buffer, login: string, seesAll: boolean) {
    const shown = displayPath(path);
    checkAbsolute(path);
    const named = this.buffers.find(({ directory }) => isWithin(path, Buffer.from(directory)));
    if (!named && !seesAll) throw outside(shown);
    if (named && !seesAll && !isSeen(belowOf(path, Buffer.from(named.directory)), login, named)) throw notSeen(shown);
    if (named) await this.root(named);
    const real = await canonical(path, shown);
    const found = await this.find(real);
    if (!found) throw named ? leadsOut(shown) : outside(shown);
    const { buffer, root } = found;
    const below = belowOf(real, Buffer.from(root.realPath));
    if (!seesAll && !isSeen(below, login, buffer)) throw notSeen(shown);
    return { buffer, root, real, below };
  }

  /** The buffer that a path without links is in. It has to be mounted, the others need not be. */
  private async find(real: Buffer): Promise<{ readonly buffer: BufferSettings; readonly root: Root } | undefined> {
    for (const buffer of this.buffers)
      if (isWithin(real, await realPlace(buffer.directory))) return { buffer, root: await this.root(buffer) };
    return undefined;
  }

  private async refuseReserved(real: Buffer, below: Buffer, shown: string, meets = touches): Promise<void> {
    if (below.equals(Buffer.from(markerName))) throw reserved(shown);
    for (const place of [this.omeroDataDir, ...rootNames.map((name) => join(this.omeroDataDir, name))])
      if (meets(real, await realPlace(place))) throw inOmero(shown);
    for (const { locks } of this.buffers) if (meets(real, await realPlace(locks))) throw reserved(shown);
  }
}

/** The name in the marker of a buffer. No store and no tree of OMERO has such a name. */
export const bufferMarker = (buffer: string): string => `buffer:${buffer}`;

/** The same for its import root. */
export const importRootMarker = (buffer: string): string => `import-root:${buffer}`;

function checkAbsolute(path: Buffer): void {
  if (path[0] !== 0x2f)
    throw new Refused('PATH_NOT_ALLOWED', `The path "${displayPath(path)}" is not allowed: it is not absolute.`);
  checkPath(path.subarray(1));
}

/** `place` itself is the empty path. */
const belowOf = (path: Buffer, place: Buffer): Buffer => path.subarray(place.length + 1);

function isSeen(below: Buffer, login: string, buffer: BufferSettings): boolean {
  return seenBy(login, buffer).some((seen) => seen.length === 0 || isWithin(below, seen));
}

/** The directory of a person, or a shared one, is no set: it stays when what is in it was imported. */
function isTooWide(below: Buffer, login: string, buffer: BufferSettings): boolean {
  return seenBy(login, buffer).some((seen) => seen.length > 0 && isWithin(seen, below));
}
