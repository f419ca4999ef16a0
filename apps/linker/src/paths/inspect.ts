import { readlink } from 'node:fs/promises';
import { codeOf, Refused, type ArchiveFile, type AtPath, type Identity, type OnDisk } from '@coldroom/domain';
import { identify, typeOf, type Directory } from '@coldroom/files';

/* What is at an original's path and in the hold directory. Nothing here changes anything. */

export interface Place {
  /** The original's directory, and its name there. */
  readonly directory: Directory;
  readonly name: Buffer;
  /** The hold directory on the same file system, and the held original's name there. */
  readonly hold: Directory;
  readonly heldName: Buffer;
  /** The target of our link. */
  readonly target: Buffer;
}

/** Called immediately before each step that others see; throws where that step must no longer be taken. */
export type Guard = () => Promise<void>;

export async function inspect(place: Place): Promise<OnDisk | { readonly kind: 'our-link' }> {
  const identity = await identify(originalPath(place));
  if (identity === null) return { kind: 'missing' };
  switch (typeOf(identity.mode)) {
    case 'file':
      return { kind: 'file', identity, held: await identify(heldPath(place)) };
    case 'link':
      return { kind: (await isOurLink(originalPath(place), place)) ? 'our-link' : 'link' };
    default:
      return { kind: 'other' };
  }
}

export async function inspectArchived(
  place: Place,
): Promise<{ readonly atPath: AtPath; readonly held: Identity | null }> {
  const found = await inspect(place);
  const atPath = found.kind === 'our-link' || found.kind === 'missing' ? found.kind : 'other';
  return { atPath, held: await identify(heldPath(place)) };
}

/** The held original, which must be the file that was hashed. */
export async function expectHeld(place: Place, file: ArchiveFile): Promise<Identity> {
  const held = await identify(heldPath(place));
  if (held === null)
    throw new Refused('HOLD_MISSING', 'the original is not held where it should be; nothing more was done');
  if (!sameFile(held, file))
    throw new Refused('HELD_CHANGED', 'what is held is not the original that was hashed; nothing more was done');
  return held;
}

export async function expectSame(path: Buffer, file: ArchiveFile): Promise<void> {
  const now = await identify(path);
  if (now === null || !sameFile(now, file))
    throw new Refused('ORIGINAL_CHANGED', 'the original is not the file that was hashed');
}

/**
 * The inode and content that were hashed. Our own work changes links and ctime. A device may get another number when
 * the machine restarts; a hold directory is on the file system of its originals, whatever the number.
 */
export function sameFile(now: Identity, { identity: then }: ArchiveFile): boolean {
  return typeOf(now.mode) === 'file' && now.ino === then.ino && now.size === then.size && now.mtimeNs === then.mtimeNs;
}

export async function isOurLink(path: Buffer, place: Place): Promise<boolean> {
  return (await linkTargetAt(path))?.equals(place.target) ?? false;
}

/** Null where there is no link. */
export async function linkTargetAt(path: Buffer): Promise<Buffer | null> {
  try {
    return await readlink(path, { encoding: 'buffer' });
  } catch (error) {
    if (codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

export const originalPath = (place: Place): Buffer => place.directory.at(place.name);
export const heldPath = (place: Place): Buffer => place.hold.at(place.heldName);
export const tempName = (place: Place): Buffer => Buffer.concat([Buffer.from('.coldroom-'), place.heldName]);
export const tempPath = (place: Place): Buffer => place.directory.at(tempName(place));
