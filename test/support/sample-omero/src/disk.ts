import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { checksum, type ChecksumAlgorithm } from './checksums';
import { Contents } from './contents';

/** One file to write. Without `content` it gets `size` bytes of noise. */
export interface PlannedFile {
  /** Below the fileset's directory; may include a directory of its own (`raw/a.tif`). */
  readonly name: string;
  readonly size?: number;
  readonly content?: Buffer;
  /** Default SHA1-160. */
  readonly hasher?: ChecksumAlgorithm;
  /** The content of originalfile.hash. Default: the truth. */
  readonly hash?: 'right' | 'wrong' | 'upper-case' | 'none';
  /** Default `regular`. The bytes of `symlink` and `hard-link` are in the outside directory. */
  readonly place?: 'regular' | 'symlink' | 'hard-link' | 'sparse' | 'missing';
  /** Nanoseconds within its second of modification, nine digits. */
  readonly nanoseconds?: string;
  readonly extendedAttribute?: boolean;
}

export interface LaidFile {
  readonly size: number;
  readonly hex: string;
}

/** The uid and gid of the official server container. */
const OMERO_USER = 1000;
const HOLE = 4 << 20;

/** Writes files below OMERO's data directory, as the server's user would. */
export class Disk {
  private readonly known = new Set<string>();
  private readonly contents: Contents;
  private number = 0;
  private readonly givesAway: boolean;
  readonly hasExtendedAttributes = spawnSync('setfattr', ['--version']).status === 0;

  constructor(
    readonly dataDir: string,
    readonly outsideDir: string,
    owner: 'omero' | 'self',
    seed: number,
  ) {
    this.givesAway = owner === 'omero' && process.getuid?.() === 0;
    this.contents = new Contents(seed);
  }

  /** Files added to an OMERO that has some already must not have the same bytes again. */
  numberFrom(number: number): void {
    this.number = number;
  }

  /** `path` is relative to the data directory. A file that exists already is an error. */
  lay(path: string, file: PlannedFile, modified: Date): LaidFile {
    const target = join(this.dataDir, path);
    this.number += 1;
    this.directory(dirname(path));
    const outside = join(this.outsideDir, String(this.number));
    switch (file.place ?? 'regular') {
      case 'missing':
        return this.write(undefined, file, modified);
      case 'symlink': {
        mkdirSync(this.outsideDir, { recursive: true });
        const laid = this.write(outside, file, modified);
        symlinkSync(outside, target);
        if (this.givesAway) lchownSync(target, OMERO_USER, OMERO_USER);
        return laid;
      }
      case 'hard-link': {
        mkdirSync(this.outsideDir, { recursive: true });
        const laid = this.write(outside, file, modified);
        linkSync(outside, target);
        return laid;
      }
      case 'sparse':
      case 'regular': {
        const laid = this.write(target, file, modified);
        if (file.nanoseconds)
          execFileSync('touch', ['-m', '-d', `@${Math.floor(modified.getTime() / 1000)}.${file.nanoseconds}`, target]);
        if (file.extendedAttribute && this.hasExtendedAttributes)
          execFileSync('setfattr', ['-n', 'user.microscope', '-v', 'LSM 980', '--', target]);
        return laid;
      }
    }
  }

  /** Makes a directory, 0755, relative to the data directory. */
  directory(path: string): void {
    if (this.known.has(path)) return;
    const parent = dirname(path);
    if (path !== '.' && parent !== path) this.directory(parent);
    const full = join(this.dataDir, path);
    if (!existsSync(full)) {
      mkdirSync(full, { recursive: true });
      chmodSync(full, 0o755);
      if (this.givesAway) chownSync(full, OMERO_USER, OMERO_USER);
    }
    // Leaf directories are not requested again once the next fileset begins.
    if (this.known.size > 10_000) this.known.clear();
    this.known.add(path);
  }

  private write(target: string | undefined, file: PlannedFile, modified: Date): LaidFile {
    const sum = checksum(file.hasher ?? 'SHA1-160');
    const fd = target === undefined ? undefined : openSync(target, 'wx', 0o644);
    let size = 0;
    try {
      for (const chunk of this.bytes(file)) {
        sum.update(chunk);
        size += chunk.length;
        const hole = file.place === 'sparse' && chunk.every((byte) => byte === 0);
        if (fd === undefined) continue;
        if (hole) ftruncateSync(fd, size);
        else writeWhole(fd, chunk, size - chunk.length);
      }
      if (fd !== undefined) {
        fchmodSync(fd, 0o644);
        if (this.givesAway) fchownSync(fd, OMERO_USER, OMERO_USER);
        futimesSync(fd, modified, modified);
      }
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
    return { size, hex: sum.hex() };
  }

  private *bytes(file: PlannedFile): Generator<Buffer> {
    if (file.content) {
      yield file.content;
      return;
    }
    const size = file.size ?? 0;
    if (file.place !== 'sparse') {
      yield* this.contents.chunks(this.number, size);
      return;
    }
    // Bytes at both ends and a hole between them.
    yield* this.contents.chunks(this.number, Math.ceil(size / 2));
    yield Buffer.alloc(HOLE);
    yield* this.contents.chunks(this.number + 1_000_000_000, Math.floor(size / 2));
  }
}

function writeWhole(fd: number, chunk: Buffer, position: number): void {
  for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done, chunk.length - done, position + done);
}
