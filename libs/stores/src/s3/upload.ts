import { crashPoint } from '@coldroom/domain';
import { EndOfBatch } from '@coldroom/files';
import { createHash } from 'node:crypto';
import { inParallel } from '../in-parallel';
import type { BatchClaim, Budget } from './batch';
import type { Bucket } from './bucket';
import { isAbsent } from './failures';
import { abortUpload, completeUpload, partsOf, putPart, startUpload, uploadsBelow, type Part } from './multipart';
import type { SourceFile } from './source-file';

/** S3's limit. */
const partLimit = 10_000;
const megabyte = 1024 * 1024;

export interface UploadOrder {
  readonly key: string;
  /** Where the source of each upload is recorded. */
  readonly recordKey: string;
  readonly file: SourceFile;
  readonly size: number;
  readonly source: string;
}

interface PartOrder {
  readonly uploadId: string;
  /** From 1 on. */
  readonly part: number;
  readonly partBytes: number;
  /** Size and ETag of this part from an earlier attempt, if there is one. */
  readonly there: string | undefined;
}

interface Record {
  readonly uploadId: string;
  readonly source: string;
  readonly partBytes: number;
}

/** Files in parts: several in transit at a time, and after a crash only those that are missing. */
export class Uploads {
  constructor(
    private readonly bucket: Bucket,
    private readonly claim: BatchClaim,
    private readonly budget: Budget,
    private readonly limits: { readonly partBytes: number; readonly partsInParallel: number },
  ) {}

  /**
   * Makes an object of a file. After an error of this file, everything is removed again; after an error of the server
   * or a lost claim it stays, and the next attempt resumes. A part of an earlier attempt counts only if the server's
   * MD5 of it equals that of the file's content now; a part whose ETag is not an MD5 (server-side encryption) is
   * therefore sent again.
   */
  async put(order: UploadOrder): Promise<void> {
    const { key, recordKey, file, size } = order;
    const partBytes = partSizeOf(size, this.limits.partBytes);
    const { uploadId, there } = (await this.resumed(order, partBytes)) ?? (await this.begun(order, partBytes));
    try {
      const numbers = Array.from({ length: Math.ceil(size / partBytes) }, (_, at) => at + 1);
      const parts = await inParallel(numbers, this.limits.partsInParallel, (part) =>
        this.part(order, { uploadId, part, partBytes, there: there.get(part) }),
      );
      file.checkUnchanged();
      this.claim.check();
      await completeUpload(this.bucket, key, uploadId, parts);
    } catch (error) {
      if (!(error instanceof EndOfBatch)) await this.abort(key, recordKey, uploadId);
      throw error;
    }
    this.claim.check();
    await this.bucket.remove(recordKey);
  }

  private async part({ key, file, size }: UploadOrder, { uploadId, part, partBytes, there }: PartOrder): Promise<Part> {
    const start = (part - 1) * partBytes;
    const length = Math.min(partBytes, size - start);
    return this.budget.withBuffer(length, async (content) => {
      this.claim.check();
      const sha256 = await file.read(start, content);
      const kept = there !== undefined && there === `${length}:${createHash('md5').update(content).digest('hex')}`;
      this.claim.check();
      const done = kept
        ? { part, etag: there.slice(there.indexOf(':') + 1) }
        : await putPart(this.bucket, { key, uploadId, part }, content, sha256.toString('hex'));
      this.claim.done(length);
      crashPoint('copy:2-partly-written');
      return done;
    });
  }

  private async begun(
    { key, recordKey, source }: UploadOrder,
    partBytes: number,
  ): Promise<{ readonly uploadId: string; readonly there: ReadonlyMap<number, string> }> {
    for (const stray of await uploadsBelow(this.bucket, key))
      if (stray.key === key) await this.abort(key, recordKey, stray.uploadId);
    this.claim.check();
    await this.bucket.remove(recordKey);
    this.claim.check();
    const uploadId = await startUpload(this.bucket, key, this.bucket.headersOf(source));
    const record: Record = { uploadId, source, partBytes };
    this.claim.check();
    await this.bucket.putNew(recordKey, Buffer.from(JSON.stringify(record)));
    return { uploadId, there: new Map() };
  }

  /** The existing parts of an upload of this very source with this part size. */
  private async resumed(
    { key, recordKey, source }: UploadOrder,
    partBytes: number,
  ): Promise<{ readonly uploadId: string; readonly there: ReadonlyMap<number, string> } | undefined> {
    const written = await this.bucket.read(recordKey, megabyte);
    const record = written && parsed(written);
    if (record?.source !== source || record.partBytes !== partBytes) return undefined;
    try {
      const parts = await partsOf(this.bucket, key, record.uploadId);
      return {
        uploadId: record.uploadId,
        there: new Map(parts.map(({ part, size, etag }) => [part, `${size}:${etag}`])),
      };
    } catch (error) {
      if (isAbsent(error)) return undefined; // ended or aborted meanwhile
      throw error;
    }
  }

  private async abort(key: string, recordKey: string, uploadId: string): Promise<void> {
    this.claim.check();
    await abortUpload(this.bucket, key, uploadId);
    this.claim.check();
    await this.bucket.remove(recordKey);
  }
}

function partSizeOf(size: number, wanted: number): number {
  return Math.max(wanted, Math.ceil(size / partLimit / megabyte) * megabyte);
}

/** Undefined if it is not ours or was truncated: then the upload starts again. */
function parsed(written: Buffer): Record | undefined {
  try {
    const { uploadId, source, partBytes } = JSON.parse(written.toString()) as Partial<Record>;
    return typeof uploadId === 'string' && typeof source === 'string' && typeof partBytes === 'number'
      ? { uploadId, source, partBytes }
      : undefined;
  } catch {
    return undefined;
  }
}
