import { createHash } from 'node:crypto';
import { Refused } from '@coldroom/domain';
import { EndOfBatch } from '@coldroom/files';
import { Bucket } from './bucket';
import type { Connection } from './connection';
import { S3Failure, objectFailed } from './failures';
import { abortUpload, completeUpload, putPart, startUpload, uploadsBelow, type Part } from './multipart';

/** S3's limit. */
const partLimit = 10_000;
const smallLimit = 1024 * 1024;

export interface StoredObject {
  readonly name: string;
  readonly size: bigint;
}

/** Objects with names of their own directly below a prefix, which are written once from a stream. No store for bags. */
export class ObjectFolder {
  private readonly bucket: Bucket;
  private readonly top: string;

  constructor(
    private readonly connection: Connection,
    prefix: string,
  ) {
    this.bucket = new Bucket(connection);
    this.top = prefix === '' ? '' : `${prefix}/`;
  }

  /** Those directly below the prefix. */
  async list(): Promise<readonly StoredObject[]> {
    return this.use(async () => {
      const found: StoredObject[] = [];
      for await (const page of this.bucket.list(this.top))
        for (const { key, size } of page) {
          const name = key.slice(this.top.length);
          if (!name.includes('/')) found.push({ name, size });
        }
      return found;
    });
  }

  /**
   * Writes a new object from a stream whose length is not known. It does not exist before `beforeEnd`, which gets the
   * SHA-256 of everything, has resolved; if the stream or anything else fails, it never does.
   */
  async write(
    name: string,
    content: AsyncIterable<Buffer>,
    beforeEnd: (sha256: string) => Promise<void>,
  ): Promise<{ readonly bytes: bigint; readonly sha256: string }> {
    return this.use(async () => {
      const key = this.top + name;
      const uploadId = await startUpload(this.bucket, key, { 'content-type': 'application/octet-stream' });
      try {
        const hash = createHash('sha256');
        let bytes = 0n;
        const parts: Part[] = [];
        for await (const body of this.partsOf(content)) {
          hash.update(body);
          bytes += BigInt(body.length);
          parts.push(await this.part({ key, uploadId, part: parts.length + 1 }, body));
        }
        const sha256 = hash.digest('hex');
        await beforeEnd(sha256);
        await completeUpload(this.bucket, key, uploadId, parts);
        const head = await this.bucket.head(key);
        if (head?.size !== bytes)
          throw new Refused('STORE_FAILED', `${name} has ${head?.size ?? 0} bytes in the bucket instead of ${bytes}`);
        return { bytes, sha256 };
      } catch (error) {
        await abortUpload(this.bucket, key, uploadId).catch(() => undefined); // the first failure matters more
        throw error;
      }
    });
  }

  /** A small object that must not exist. */
  async put(name: string, text: string): Promise<void> {
    await this.use(() => this.bucket.putNew(this.top + name, Buffer.from(text)));
  }

  /** A small object; undefined if there is none. */
  async text(name: string): Promise<string | undefined> {
    return this.use(async () => (await this.bucket.read(this.top + name, smallLimit))?.toString());
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    try {
      const { body } = await this.bucket.get(this.top + name, 0n);
      yield* this.bucket.client.pieces(body);
    } catch (error) {
      throw this.failed(error);
    }
  }

  async remove(name: string): Promise<void> {
    await this.use(() => this.bucket.remove(this.top + name));
  }

  /** Ends uploads that were never completed. Returns the names that the objects would have had. */
  async abortUploads(isOurs: (name: string) => boolean): Promise<readonly string[]> {
    return this.use(async () => {
      const aborted: string[] = [];
      for (const { key, uploadId } of await uploadsBelow(this.bucket, this.top)) {
        const name = key.slice(this.top.length);
        if (!isOurs(name)) continue;
        await abortUpload(this.bucket, key, uploadId);
        aborted.push(name);
      }
      return aborted;
    });
  }

  close(): void {
    this.bucket.client.close();
  }

  private async part(
    place: { readonly key: string; readonly uploadId: string; readonly part: number },
    body: Buffer,
  ): Promise<Part> {
    if (place.part > partLimit)
      throw new Refused('STORE_FAILED', `An object has at most ${partLimit} parts; set a larger partMiB`);
    return putPart(this.bucket, place, body, createHash('sha256').update(body).digest('hex'));
  }

  private async *partsOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { partBytes } = this.connection;
    let pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of content) {
      pieces.push(piece);
      length += piece.length;
      while (length >= partBytes) {
        const all = Buffer.concat(pieces);
        yield all.subarray(0, partBytes);
        pieces = [all.subarray(partBytes)];
        length -= partBytes;
      }
    }
    if (length > 0) yield Buffer.concat(pieces);
  }

  private async use<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw this.failed(error);
    }
  }

  private failed(error: unknown): unknown {
    if (error instanceof EndOfBatch) return error.reason;
    return error instanceof S3Failure ? objectFailed(error, this.connection.store) : error;
  }
}
