import type { ArchiveFile } from '../model';
import type { CopyStatus } from '../store';

export interface Reason {
  readonly code: string;
  readonly message: string;
}

export const because = (code: string, message: string): Reason => ({ code, message });

/** What is at an archived file's path: our own link, nothing, or something that is not ours. */
export type AtPath = 'our-link' | 'missing' | 'other';

export function hasDigest(file: ArchiveFile): boolean {
  return /^[0-9a-f]{64}$/.test(file.digests['SHA-256'] ?? '');
}

export function copyUnchanged(file: ArchiveFile, inStore: CopyStatus | undefined): Reason | null {
  if (!inStore) return because('COPY_MISSING', 'the store has no such copy');
  if (inStore.size !== file.size || inStore.size !== file.identity.size)
    return because('COPY_SIZE', `the copy has ${inStore.size} bytes, the original ${file.size}`);
  if (hasDigest(file) && file.copyDigest !== file.digests['SHA-256'])
    return because('COPY_DIFFERS', 'the copy was not proven to have the digest of the original');
  if (file.copyVersion === null || inStore.version !== file.copyVersion)
    return because('COPY_CHANGED', 'the copy is not the one that was proven');
  return null;
}

/** OMERO opens `Pixels/<id>` for writing even to read it, and would write through a link. */
export function legacyPixelsSafe(file: ArchiveFile, inStore: CopyStatus | undefined): Reason | null {
  if (file.root !== 'Pixels') return null;
  if (file.identity.uid === 0)
    return because(
      'LEGACY_PIXELS_OF_ROOT',
      'OMERO seems to run as root and could write through the link into the copy',
    );
  if (inStore?.writable !== 'no')
    return because(
      'COPY_WRITABLE',
      'OMERO opens OMERO 4 pixels for writing, and the copy could be written through the link',
    );
  return null;
}
