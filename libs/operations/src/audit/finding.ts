import type { CopyStatus, Store } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { AuditedFile } from '@coldroom/register';
import type { AtPath, Reached } from './at-path';
import type { Discrepancy, DiscrepancyCode } from './report';

/** What a store reported about a copy: `other` is something that is not a file, `unseen` means no answer. */
export type Copy = CopyStatus | 'missing' | 'other' | 'unseen';

/** What was seen of one file. An undefined field was not examined, and nothing is concluded from it. */
export interface Seen {
  readonly copy?: Copy | undefined;
  readonly at?: AtPath | undefined;
  /** Where Coldroom's link leads. */
  readonly reached?: Reached | undefined;
  /** The configured store, even if it is unavailable: it determines the link's target. */
  readonly store?: Pick<Store, 'name' | 'linkTarget' | 'recallRoot'> | undefined;
  /** Whether OMERO has rows for this file, the size it recorded, and whether an image of its fileset exists. */
  readonly omero?:
    { readonly exists: boolean; readonly size: bigint | null; readonly imageExists: boolean } | undefined;
  /** Whether the original is held; checked only if the copy is wrong. */
  readonly held?: boolean | undefined;
}

export function finding(
  file: AuditedFile,
  code: DiscrepancyCode,
  { expected, found, remedy }: Pick<Discrepancy, 'expected' | 'found' | 'remedy'>,
): Discrepancy {
  const stuck = file.code === null || file.state !== 'stuck' ? '' : `, stuck with ${file.code}`;
  return {
    code,
    object: `File:${file.id}`,
    path: `${file.root}/${file.display}`,
    fileset: file.fileset,
    bag: file.bag,
    expected,
    found: `${found} (the file is ${file.stand}${stuck})`,
    remedy,
  };
}

export const bytes = (size: bigint): string => `${size} bytes`;

export function worded(at: AtPath): string {
  switch (at.kind) {
    case 'file':
      return `a file of ${bytes(at.size)}`;
    case 'link':
      return `a link to ${displayPath(at.target)}`;
    case 'missing':
      return 'nothing';
    case 'directory':
      return 'a directory';
    case 'blocked':
      return 'a link or file in place of a directory on the way';
    default:
      return 'something else';
  }
}
