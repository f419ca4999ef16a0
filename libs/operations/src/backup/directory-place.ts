import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readFile, stat, unlink, type FileHandle } from 'node:fs/promises';
import { codeOf, crashPoint, Refused } from '@coldroom/domain';
import {
  dropCache,
  openDirectory,
  openRoot,
  renameNoReplace,
  writeOnce,
  type Directory,
  type Root,
} from '@coldroom/files';
import {
  checksumName,
  checksumText,
  isLeftover,
  ownerName,
  ownerText,
  parseDump,
  partialName,
  sha256In,
} from './names';
import type { BackupPlace, Written } from './place';
import { damaged, placeFailed } from './place-failures';

export const backupMarker = 'backup';
const pieceBytes = 1024 * 1024;
const toRead = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A directory with our marker: dumps are never written to the mount point of a disk that is not mounted. */
export class DirectoryPlace implements BackupPlace {
  readonly kind = 'directory';
  readonly shown: string;
  private opened: Promise<{ readonly root: Root; readonly directory: Directory }> | undefined;

  constructor(path: string) {
    this.shown = path;
  }

  async check(): Promise<void> {
    await this.use((directory) => directory.names());
  }

  async owner(): Promise<string | undefined> {
    return this.use(async (directory, names) =>
      names.includes(ownerName) ? (await readFile(directory.at(Buffer.from(ownerName)), 'utf8')).trim() : undefined,
    );
  }

  async claim(id: string): Promise<void> {
    await this.use((directory) => writeOnce(directory, Buffer.from(ownerName), Buffer.from(ownerText(id))));
  }

  async clean(): Promise<readonly string[]> {
    return this.use(async (directory, names) => {
      const orphans = names.filter((name) => isOrphan(name, names));
      const ours = [];
      for (const name of orphans) if (await this.isChecksum(directory, name)) ours.push(name);
      const left = [...names.filter(isLeftover), ...ours];
      for (const name of left) await unlink(directory.at(Buffer.from(name)));
      if (left.length > 0) await directory.sync();
      return left;
    });
  }

  async names(): Promise<readonly string[]> {
    return this.use(async (_directory, names) =>
      names.filter((name) => parseDump(name) !== undefined && names.includes(checksumName(name))),
    );
  }

  async write(name: string, content: AsyncIterable<Buffer>): Promise<Written> {
    return this.use(async (directory) => {
      const partial = directory.at(Buffer.from(partialName(name)));
      const file = await open(partial, 'wx+', 0o600);
      let [hasChecksum, isDone] = [false, false];
      try {
        const written = await this.fill(file, content);
        await this.stillThere();
        await writeOnce(directory, Buffer.from(checksumName(name)), Buffer.from(checksumText(name, written.sha256)));
        hasChecksum = true;
        crashPoint('backup:3-checksum-written');
        await moveNew(partial, directory.at(Buffer.from(name)));
        isDone = true;
        crashPoint('backup:4-renamed');
        await directory.sync();
        crashPoint('backup:5-synced');
        return written;
      } finally {
        await file.close();
        // The failure that is under way matters more; the next run removes what is left.
        if (!isDone) await unlink(partial).catch(() => undefined);
        if (!isDone && hasChecksum) await unlink(directory.at(Buffer.from(checksumName(name)))).catch(() => undefined);
      }
    });
  }

  async isGood(name: string): Promise<boolean> {
    try {
      for await (const _piece of this.read(name));
      return true;
    } catch (error) {
      if (['BACKUP_DUMP_DAMAGED', 'BACKUP_PLACE_FAILED'].includes(codeOf(error))) {
        await this.stillThere(); // a disk that is gone does not make its dumps bad
        return false;
      }
      throw error;
    }
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const { directory } = await this.open();
    let file: FileHandle | undefined;
    try {
      const expected = sha256In(await readFile(directory.at(Buffer.from(checksumName(name))), 'utf8'), name);
      file = await open(directory.at(Buffer.from(name)), toRead);
      const hash = createHash('sha256');
      for await (const piece of pieces(file)) {
        hash.update(piece);
        yield piece;
      }
      if (hash.digest('hex') !== expected) throw damaged(name, this.shown);
    } catch (error) {
      throw placeFailed(error, this.shown);
    } finally {
      await file?.close();
    }
  }

  async sizeOf(name: string): Promise<bigint> {
    return this.use(async (directory) => (await stat(directory.at(Buffer.from(name)), { bigint: true })).size);
  }

  async remove(name: string): Promise<void> {
    if (!parseDump(name)) throw new TypeError(`${name} is not the name of a dump`);
    await this.use(async (directory) => {
      await unlink(directory.at(Buffer.from(name)));
      crashPoint('backup:7-old-removed');
      await unlink(directory.at(Buffer.from(checksumName(name))));
      await directory.sync();
    });
  }

  async close(): Promise<void> {
    const opened = await this.opened?.catch(() => undefined);
    await opened?.directory.close();
  }

  /** Writes and syncs, then reads from the disk and compares. */
  private async fill(file: FileHandle, content: AsyncIterable<Buffer>): Promise<Written> {
    const hash = createHash('sha256');
    let bytes = 0n;
    for await (const piece of content) {
      await writeWhole(file, piece);
      hash.update(piece);
      bytes += BigInt(piece.length);
      crashPoint('backup:1-partly-written');
    }
    await file.sync();
    crashPoint('backup:2-written');
    dropCache(file.fd);
    const sha256 = hash.digest('hex');
    const again = createHash('sha256');
    for await (const piece of pieces(file)) again.update(piece);
    if (again.digest('hex') !== sha256)
      throw new Refused(
        'BACKUP_NOT_AS_WRITTEN',
        `What was read back from ${this.shown} differs from what was written. No backup was removed. Check its disk`,
        { place: this.shown },
      );
    return { bytes, sha256 };
  }

  private async isChecksum(directory: Directory, name: string): Promise<boolean> {
    const text = await readFile(directory.at(Buffer.from(name)), 'utf8');
    return sha256In(text, name.slice(0, -checksumName('').length)) !== undefined;
  }

  private async use<T>(act: (directory: Directory, names: readonly string[]) => Promise<T>): Promise<T> {
    try {
      const { directory } = await this.open();
      await this.stillThere();
      return await act(
        directory,
        (await directory.names()).map((name) => name.toString()),
      );
    } catch (error) {
      throw placeFailed(error, this.shown);
    }
  }

  private async stillThere(): Promise<void> {
    await (await this.open()).root.check();
  }

  private async open(): Promise<{ readonly root: Root; readonly directory: Directory }> {
    this.opened ??= openMarked(this.shown);
    try {
      return await this.opened;
    } catch (error) {
      this.opened = undefined; // it may be mounted by the next time
      throw error;
    }
  }
}

async function openMarked(path: string): Promise<{ readonly root: Root; readonly directory: Directory }> {
  try {
    const root = await openRoot(path, backupMarker);
    return { root, directory: await openDirectory(root, Buffer.alloc(0)) };
  } catch (error) {
    if (codeOf(error) !== 'ROOT_UNAVAILABLE') throw error;
    throw new Refused(
      'BACKUP_PLACE_NOT_MARKED',
      `The backup directory ${path} is not mounted, or was never prepared: it lacks its marker .coldroom-root. Mount its disk; for a new one, run "coldroom backup --prepare"`,
      { place: path },
      { cause: error },
    );
  }
}

/** A checksum whose dump is gone: a run was killed between the two. */
function isOrphan(name: string, names: readonly string[]): boolean {
  const dump = name.endsWith(checksumName('')) ? name.slice(0, -checksumName('').length) : '';
  return parseDump(dump) !== undefined && !names.includes(dump);
}

async function moveNew(from: Buffer, to: Buffer): Promise<void> {
  try {
    await renameNoReplace(from, to);
  } catch (error) {
    if (codeOf(error) !== 'NO_REPLACE_NOT_SUPPORTED') throw error;
    await link(from, to); // NFS: a hard link never replaces anything either
    await unlink(from).catch(() => undefined); // the next run removes it
  }
}

async function writeWhole(file: FileHandle, piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

async function* pieces(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
