import { codeOf, type Identity } from '@coldroom/domain';
import type { Claim } from '../claim';
import { freshOf } from '../fresh';
import { splitPath } from '../path';
import { syncDirectory } from '../sync-directory';
import type { Tree } from '../tree';
import { Trees } from '../trees';
import { bytesOf, type WirePath } from '../wire';

/** A name below a root. */
export interface WirePlace {
  readonly root: string;
  readonly path: WirePath;
}

/** A directory of ours is closed to others: whoever lists it learns the names of people's files. */
export const ownMode = 0o750;

/** What a name is, or undefined where nothing has it. Links are not followed. */
export function lookAt(at: Buffer): Identity | undefined {
  try {
    return freshOf(at).identity;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The same inode with the same size and mtime. A name that was made, moved or removed changes ctime, and nothing else. */
export function sameFile(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs;
}

export const sameInode = (one: Identity, other: Identity): boolean => one.dev === other.dev && one.ino === other.ino;

/**
 * The names of a batch: those that people use, and those in a directory of ours. Each side has trees of its own: a tree
 * closes directories that were not used for long, and the two names of a file are used at the same time.
 */
export class TwoEnds {
  private readonly own = new Trees();
  private readonly touched = new Map<string, WirePlace>();

  constructor(
    private readonly trees: Trees,
    private readonly claim: Claim,
  ) {}

  /** Right before a change. */
  check(): void {
    this.claim.check();
  }

  /** A name that people use. Missing directories are not made. */
  source({ root, path }: WirePlace): Buffer {
    return this.trees.at(root).locate(bytesOf(path)).at;
  }

  /** As `source`, or undefined where its directory is gone, or is no longer one. */
  sourceIfAny(place: WirePlace): Buffer | undefined {
    try {
      return this.source(place);
    } catch (error) {
      if (['ENOENT', 'PARENT_NOT_A_DIRECTORY'].includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  /** A name in a directory of ours; the directories are made. */
  ownToMake({ root, path }: WirePlace): Buffer {
    return this.own.at(root).locateToWrite(bytesOf(path), () => this.claim.check(), ownMode).at;
  }

  /** The same, or undefined where its directory is missing. */
  ownIfAny({ root, path }: WirePlace): Buffer | undefined {
    try {
      return this.own.at(root).locate(bytesOf(path)).at;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The directories of this name are synced at the end of the batch. */
  note(place: WirePlace): void {
    const end = place.path.lastIndexOf('/');
    const directory = { root: place.root, path: place.path.slice(0, Math.max(end, 0)) };
    const key = `${directory.root}\0${directory.path}`;
    if (this.touched.has(key)) return;
    this.touched.set(key, directory);
    if (directory.path !== '') this.note(directory);
  }

  /** Until then, a power cut may undo what was done to names. */
  sync(): void {
    for (const { root, path } of this.touched.values()) syncOne(this.trees.at(root), bytesOf(path));
    this.touched.clear();
  }

  close(): void {
    this.own.close();
  }
}

function syncOne(tree: Tree, path: Buffer): void {
  try {
    syncDirectory(tree.directory(path.length === 0 ? [] : splitPath(path)));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error; // removed since: the name is gone from its parent, which is synced too
  }
}
