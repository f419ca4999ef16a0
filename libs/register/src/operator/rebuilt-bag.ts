import type { Digests, Identity, OmeroHash, RootName } from '@coldroom/domain';

/** A file as its bag describes it, and what was found about it. */
export interface RebuiltFile {
  readonly fileset: string;
  readonly root: RootName;
  readonly path: Buffer;
  readonly display: string;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  readonly omeroHash: OmeroHash | null;
  /** As recorded in the bag; for a held original, as it is on disk. */
  readonly identity: Identity;
  readonly digests: Digests;
  readonly copyVersion: string | null;
  /** Why the store's copy cannot be right, or null. */
  readonly copyFault: string | null;
  readonly state: 'released' | 'linked' | 'skipped';
  /** Required for `skipped`; for the others it names what is wrong. */
  readonly code: string | null;
  readonly reason: string | null;
  /** Its former number in the register, from the name of its held original. */
  readonly heldAs: bigint | null;
}

export interface RebuiltBag {
  readonly name: string;
  readonly store: string;
  readonly date: Date;
  /** The number that its request had, if the bag records it. */
  readonly requestNumber: bigint | null;
  readonly owner: string;
  readonly ownerId: bigint;
  readonly group: string;
  readonly groupId: bigint;
  readonly requester: string;
  readonly requesterId: bigint;
  readonly images: readonly { readonly imageId: bigint; readonly fileset: string }[];
  readonly files: readonly RebuiltFile[];
}
