import { createHash } from 'node:crypto';
import type { ImportState } from '@coldroom/domain';
import type { ImportOrder, Register } from '@coldroom/register';
import { shownPlace, uploadBuffer, uploadOf, type Uploading } from './scene';

/** What a workstation has to know of a set. */
export interface UploadStatus {
  readonly state: 'receiving' | 'arrived' | 'discarded';
  readonly files: number;
  readonly declared: number;
  readonly proven: number;
  /** Where it is in the buffer. */
  readonly place: string | null;
  readonly order: Pick<ImportOrder, 'id' | 'state' | 'code' | 'reason' | 'note'> | null;
  readonly proof: UploadProof | null;
}

/** What OMERO was proven to have of a set. */
export interface UploadProof {
  readonly at: Date;
  readonly files: number;
  readonly bytes: bigint;
  /** See `manifestDigest`. The workstation computes it over what it sent. */
  readonly manifest: string;
}

/** `Refused` as `uploadOf`. */
export async function uploadStatus(uploading: Uploading, setName: string): Promise<UploadStatus> {
  const { register, imports } = uploading;
  const upload = await uploadOf(uploading, setName);
  const { declared, proven } = await register.imports.uploads.amounts(upload.id);
  const order = upload.orderId === null ? undefined : await register.imports.orders.get(upload.orderId);
  const buffer = uploadBuffer(imports, upload.buffer);
  return {
    state: upload.state,
    files: upload.files,
    declared,
    proven,
    place: upload.state === 'arrived' && upload.place ? shownPlace(buffer, upload.place) : null,
    order: order
      ? { id: order.id, state: order.state, code: order.code, reason: order.reason, note: order.note }
      : null,
    proof: order ? await proofOf(register, order) : null,
  };
}

const provenStates: readonly ImportState[] = ['done', 'emptied'];

async function proofOf(register: Register, order: ImportOrder): Promise<UploadProof | null> {
  if (!provenStates.includes(order.state) || order.provenAt === null) return null;
  const digest = createHash('sha256');
  let [files, bytes] = [0, 0n];
  for await (const batch of register.imports.uploadFiles.inOmero(order.id))
    for (const { path, size, sha256 } of batch) {
      digest.update(manifestLine(path, size, sha256));
      files += 1;
      bytes += size;
    }
  return { at: order.provenAt, files, bytes, manifest: digest.digest('hex') };
}

/** Of all files by the bytes of their paths; apps/agent computes the same. */
export const manifestLine = (path: Buffer, size: bigint, sha256: string): string =>
  `${sha256} ${size} ${path.toString('hex')}\n`;
