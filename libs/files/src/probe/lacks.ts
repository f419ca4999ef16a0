import { consequencesOf, Refused, type FileSystemLook, type RootUse } from '@coldroom/domain';
import { stat } from 'node:fs/promises';
import { ignored, ownersIgnored } from './contents';

/** What the settings of a store accept. */
export interface Accepted {
  /** `protect: none`. */
  readonly unprotected: boolean;
  /** `verify: cached`. */
  readonly cachedReads: boolean;
}

/**
 * Throws `Refused` where the file system of a hold directory or a store cannot do what Coldroom needs:
 * `STORE_NOT_PROTECTED`, `STORE_NOT_PROVABLE` or `FILE_SYSTEM_UNABLE`. A file system that reports an error for each
 * change of permissions is refused in any case, as every copy would fail.
 */
export function refuseLacks(use: RootUse, name: string, look: FileSystemLook, accepted?: Accepted): void {
  for (const { ability, weight, text } of consequencesOf(use, look)) {
    const { how } = look.abilities[ability];
    if (weight !== 'refused') continue;
    if (ability === 'permissions') {
      if (accepted?.unprotected && how === ignored) continue;
      throw notProtected(name, look, how);
    }
    if (ability === 'direct reads') {
      if (accepted?.cachedReads) continue;
      throw notProvable(name, look, how);
    }
    throw new Refused(
      'FILE_SYSTEM_UNABLE',
      `${shown(use, name, look)} cannot be used: its file system has no ${ability} (${how}), and ${text}. Mount it with options that allow this, or use another file system; docs/storage.md has a page for each kind.`,
      { root: look.directory, ability, how },
    );
  }
}

/**
 * Throws `Refused` `FILE_SYSTEM_UNABLE` where a store's file system gives all files to one owner, and OMERO's files
 * belong to another: every copy would fail. The directories of OMERO say whom its files belong to; those that cannot be
 * seen from here say nothing.
 */
export async function refuseOtherOwner(
  name: string,
  look: FileSystemLook,
  omeroRoots: readonly string[],
): Promise<void> {
  const { answer, how } = look.abilities.owners;
  if (answer !== 'no' || how === ownersIgnored || look.newFiles === undefined) return;
  for (const root of omeroRoots) {
    const found = await stat(root).catch(() => undefined);
    if (found === undefined || found.uid === look.newFiles.uid) continue;
    throw new Refused(
      'FILE_SYSTEM_UNABLE',
      `${shown('store', name, look)} cannot be used: its file system gives all files to the user ${look.newFiles.uid} (${how}), and OMERO's files belong to the user ${found.uid}, whom copies belong to as well. Mount it with the option uid=${found.uid}, or so that changes of the owner are ignored (ntfs-3g: "silent"; vfat: "quiet").`,
      { root: look.directory, ability: 'owners', how },
    );
  }
}

function notProtected(name: string, look: FileSystemLook, how: string): Refused {
  const wayOut =
    how === ignored
      ? 'its file system ignores changes of permissions. Mount it so that they stay (SMB: with Unix extensions; ntfs-3g: option "permissions"), or set "protect: none" for this store'
      : `its file system does not allow changes of permissions (${how}). Mount it so that they stay, or so that they are ignored (vfat: option "quiet"; ntfs-3g: "silent") with "protect: none" for this store`;
  return new Refused('STORE_NOT_PROTECTED', `${shown('store', name, look)} cannot protect copies: ${wayOut}.`, {
    root: look.directory,
    how,
  });
}

function notProvable(name: string, look: FileSystemLook, how: string): Refused {
  return new Refused(
    'STORE_NOT_PROVABLE',
    `${shown('store', name, look)} cannot prove copies: ${how}. Use another file system, or set "verify: cached" for this store if you accept that a copy is compared as the system remembers it.`,
    { root: look.directory, how },
  );
}

const shown = (use: RootUse, name: string, { directory, type }: FileSystemLook): string =>
  `The ${use === 'hold' ? 'hold directory' : `store ${name} at`} ${directory}${type === '' ? '' : ` (${type})`}`;
