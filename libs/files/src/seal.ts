import { ColdroomError, Refused, Transient, codeOf, messageOf, crashPoint } from '@coldroom/domain';
import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, renameSync as renamePlain } from 'node:fs';
import { dropExtras, namesIn, protectDirectories, protectedMode, readSmall, writeFileOnce } from './bag-directory';
import type { Claim } from './claim';
import { EndOfBatch, storeFailed } from './failures';
import { typeOf } from './identity';
import { keptOf } from './kept';
import { syncDirectory } from './sync-directory';
import { renameFlags, renameSync } from './native';
import { displayPath, splitPath } from './path';
import { isUnsupported } from './rename';
import type { Tree } from './tree';
import type { Trees } from './trees';
import { bytesOf, type WirePath } from './wire';

export interface SealTask {
  readonly root: string;
  /** The open bag and its place once it is sealed, both below the root. */
  readonly open: WirePath;
  readonly sealed: WirePath;
  /** What the bag keeps, below it. */
  readonly keep: readonly WirePath[];
  readonly tags: readonly { readonly name: string; readonly content: Uint8Array }[];
}

/**
 * Closes a bag: removes what it does not keep, writes its tag files, protects its directories and moves it to its
 * sealed place in one rename. Each step may be repeated after a crash. The copies themselves are not touched: their
 * ctime stays that of their proof.
 */
export function seal(task: SealTask, claim: Claim, trees: Trees): void {
  const tree = trees.at(task.root);
  try {
    if (!confirmSealed(task, tree, claim)) sealOpen(task, tree, claim);
  } catch (error) {
    if (error instanceof ColdroomError || error instanceof EndOfBatch) throw error;
    throw (
      storeFailed(error, task.root) ??
      new Transient(
        'SEAL_FAILED',
        `The bag ${nameOf(task)} could not be sealed (${codeOf(error)}: ${messageOf(error)}).`,
        { bag: nameOf(task) },
        { cause: error },
      )
    );
  }
}

const nameOf = (task: SealTask): string => displayPath(bytesOf(task.sealed));

function sealOpen(task: SealTask, tree: Tree, claim: Claim): void {
  const beforeChange = (): void => claim.check();
  checkPresent(task, tree);
  const kept = keptOf(task.keep.map(bytesOf));
  const bag = openOwn(tree, task.open);
  try {
    dropExtras(bag, kept, beforeChange);
    crashPoint('seal:1-extras-dropped');
    for (const { name, content } of task.tags)
      writeFileOnce(bag, splitPath(Buffer.from(name))[0]!, content, beforeChange);
    crashPoint('seal:2-tags-written');
    protectDirectories(bag, kept, beforeChange);
    syncDirectory(bag);
    crashPoint('seal:3-protected');
    claim.check();
    move(task, tree);
    crashPoint('seal:4-renamed');
    finish(task, tree, bag, claim);
  } finally {
    closeSync(bag);
  }
}

/** Inspects every copy before anything is changed: a bag with a missing copy stays as it is. */
function checkPresent(task: SealTask, tree: Tree): void {
  const missing: string[] = [];
  for (const path of task.keep) {
    const whole = bytesOf(`${task.open}/${path}`);
    try {
      const { mode } = lstatSync(tree.locate(whole).at);
      if (typeOf(mode) !== 'file')
        throw new Refused('NOT_A_REGULAR_FILE', `The copy "${displayPath(whole)}" is a ${typeOf(mode)}.`, {
          path: displayPath(whole),
        });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      missing.push(displayPath(bytesOf(path)));
    }
  }
  if (missing.length > 0) {
    throw new Refused(
      'COPY_MISSING',
      `The bag ${nameOf(task)} stays open: ${missing.length} of its copies are missing, the first is "${missing[0]}".`,
      { missing: missing.slice(0, 10) },
    );
  }
}

/** False if the sealed place is free. `Refused` `BAG_SEALED` if another bag of this name was sealed. */
function confirmSealed(task: SealTask, tree: Tree, claim: Claim): boolean {
  let bag: number;
  try {
    bag = openOwn(tree, task.sealed);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const names = namesIn(bag)
      .map((name) => name.toString('latin1'))
      .filter((name) => name !== 'data')
      .sort();
    const same =
      names.join('\0') ===
        task.tags
          .map(({ name }) => name)
          .sort()
          .join('\0') && task.tags.every(({ name, content }) => readSmall(bag, Buffer.from(name))?.equals(content));
    if (!same)
      throw new Refused(
        'BAG_SEALED',
        `The bag ${nameOf(task)} is already sealed, with other manifests; a sealed bag never changes.`,
        { bag: nameOf(task) },
      );
    finish(task, tree, bag, claim);
    return true;
  } finally {
    closeSync(bag);
  }
}

/**
 * The steps after the rename. The bag's own directory needs its write permission for the rename and is protected only
 * when the new name is on the disk: a protected bag in its sealed place is a durable one.
 */
function finish(task: SealTask, tree: Tree, bag: number, claim: Claim): void {
  for (const place of [task.open, task.sealed]) syncDirectory(tree.locate(bytesOf(place)).parent);
  claim.check();
  if ((fstatSync(bag).mode & 0o7777) !== protectedMode) fchmodSync(bag, protectedMode); // a sealed bag is not touched again, not even its ctime
  syncDirectory(bag);
}

function move(task: SealTask, tree: Tree): void {
  // Both parents are opened by one walk each; the second does not close the first: they are used last.
  const from = tree.locate(bytesOf(task.open)).at;
  const to = tree.locate(bytesOf(task.sealed)).at;
  try {
    renameSync(from, to, renameFlags.noReplace);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    // NFS has no flags. A plain rename of a directory cannot replace one that is not empty (rename(2): ENOTEMPTY).
    if (lstatSync(to, { throwIfNoEntry: false })) throw error;
    renamePlain(from, to);
  }
}

/** A descriptor of our own, which the tree's cache does not close. */
function openOwn(tree: Tree, path: WirePath): number {
  const fd = tree.directory(splitPath(bytesOf(path)));
  return openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_DIRECTORY);
}
