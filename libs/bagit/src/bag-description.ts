import type { Digests, Identity, OmeroHash, RootName } from '@coldroom/domain';

/** One file of a bag, with all that its retrieval into OMERO needs without our register. */
export interface DescribedFile {
  /** Below the bag's `data/`. */
  readonly copyPath: Buffer;
  readonly root: RootName;
  /** Below the root. */
  readonly path: Buffer;
  readonly fileset: string;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  readonly imageIds: readonly bigint[];
  readonly owner: string;
  readonly group: string;
  readonly identity: Identity;
  readonly omeroHash: OmeroHash | null;
  /** Must hold SHA-256. */
  readonly digests: Digests;
  /** Extended attributes by name; the copy itself has them too if its file system keeps them. */
  readonly attributes?: Readonly<Record<string, Buffer>>;
}

export interface BagDescription {
  readonly bag: string;
  /** The day of bagging in UTC. Recorded with the bag, so that sealing again writes the same tag files. */
  readonly date: Date;
  /** Further lines of bag-info.txt, for instance the requester and the approver. */
  readonly information?: readonly (readonly [label: string, value: string])[];
  readonly files: readonly DescribedFile[];
}
