import type { Identity, InOmero, Work } from '@coldroom/domain';
import type { ImportOrder, OrderedFile } from '@coldroom/register';

export const LOOK_IN_OMERO = Symbol('what OMERO has of a file');

/** Reads afresh what OMERO has of a file, until `work` is stopped; undefined where the filesets of the order have no such file. */
export type LookInOmero = (order: ImportOrder, file: OrderedFile, work: Work) => Promise<InOmero | undefined>;

/** Whether OMERO has the content of a file, and keeps it when `ours` is removed: a name of ours that has no other. */
export function staysInOmero(file: OrderedFile, inOmero: InOmero | undefined, ours: Identity | undefined): boolean {
  if (!inOmero?.file || inOmero.linked || inOmero.images < 1) return false;
  const sha256 = file.digests['SHA-256'];
  if (sha256 === undefined || inOmero.sha256 !== sha256 || inOmero.size !== file.size) return false;
  const sameInode = ours !== undefined && inOmero.file.dev === ours.dev && inOmero.file.ino === ours.ino;
  return !sameInode || inOmero.file.links > 1;
}
