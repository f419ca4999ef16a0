import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { S3Client, type Part } from './client';
import type { Connection } from './connection';
import { S3Failure, isAbsent, requestFailed } from './failures';
import { elementsOf, escaped, textOf } from './xml';

/** What a bucket says of an object without sending it. */
export interface ObjectHead {
  readonly size: bigint;
  readonly etag: string;
  /** Changes with every put of the object, and with nothing else. */
  readonly version: string;
  /** `source` as it was given to `putNew`. */
  readonly source: string | undefined;
  readonly storageClass: string;
  /** `x-amz-archive-status`: of objects in the archive tiers of INTELLIGENT_TIERING. */
  readonly archiveStatus: string | undefined;
  readonly restore: string | undefined;
  readonly replication: string | undefined;
  /** Of the whole object, in hex, where the server keeps one. */
  readonly sha256: string | undefined;
}

export interface Listed {
  readonly key: string;
  readonly size: bigint;
}

const sourceHeader = 'x-amz-meta-coldroom-source';
const neverReplace = { 'if-none-match': '*' };

/** The objects of one bucket. Failures as `requestFailed` tells them. */
export class Bucket {
  readonly client: S3Client;
  private readonly storageClass: string | undefined;

  constructor(connection: Connection) {
    this.client = new S3Client(connection);
    this.storageClass = connection.storageClass;
  }

  /** Undefined where there is no such object; whether there is such a bucket, only a listing tells. */
  async head(key: string): Promise<ObjectHead | undefined> {
    try {
      const response = await this.client.send({ method: 'HEAD', key, headers: { 'x-amz-checksum-mode': 'ENABLED' } });
      response.resume();
      return headOf(response.headers);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** The object of this very ETag, or `S3Failure` 412. */
  get(key: string, etag: string): Promise<IncomingMessage> {
    return this.client.send({ method: 'GET', key, headers: { 'if-match': `"${etag}"` } });
  }

  /** A small object; undefined where there is none. */
  async read(key: string, limit: number): Promise<Buffer | undefined> {
    try {
      return (await this.client.sendAndRead({ method: 'GET', key }, limit)).body;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Page by page, in the order of keys. */
  async *list(prefix: string): AsyncGenerator<readonly Listed[]> {
    for await (const { body, decoded } of this.pages(prefix, '')) {
      yield elementsOf(body, 'Contents').map((each) => ({ key: decoded(textOf(each, 'Key') ?? ''), size: BigInt(textOf(each, 'Size') ?? '0') }));
    }
  }

  /** The names directly below a prefix that others lie under, page by page. */
  async *folders(prefix: string): AsyncGenerator<readonly string[]> {
    for await (const { body, decoded } of this.pages(prefix, '&delimiter=%2F')) {
      yield elementsOf(body, 'CommonPrefixes').map((each) => decoded(textOf(each, 'Prefix') ?? '').slice(prefix.length, -1));
    }
  }

  /** Says by a listing whether there is an object: unlike HEAD it tells a missing bucket from a missing object. */
  async has(key: string): Promise<boolean> {
    for await (const { body, decoded } of this.pages(key, '', 1)) return elementsOf(body, 'Contents').some((each) => decoded(textOf(each, 'Key') ?? '') === key);
    return false;
  }

  /** Puts an object that must not exist: `S3Failure` 412 where it does and the server honours If-None-Match. */
  async putNew(key: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.client.sendAndRead({ method: 'PUT', key, body, headers: { ...neverReplace, ...headers } });
  }

  /** For copies: their storage class, and whose copies they are. */
  headersOf(source: string): Record<string, string> {
    return { 'content-type': 'application/octet-stream', [sourceHeader]: source, ...(this.storageClass === undefined ? {} : { 'x-amz-storage-class': this.storageClass }) };
  }

  async remove(key: string): Promise<void> {
    await this.client.sendAndRead({ method: 'DELETE', key });
  }

  /** Unfinished uploads of keys with this prefix. */
  async uploads(prefix: string): Promise<readonly { readonly key: string; readonly uploadId: string }[]> {
    const found: { readonly key: string; readonly uploadId: string }[] = [];
    for (let marker = ''; ;) {
      const { body, decoded } = await this.page(`uploads&encoding-type=url&prefix=${queried(prefix)}${marker}`);
      for (const each of elementsOf(body, 'Upload')) found.push({ key: decoded(textOf(each, 'Key') ?? ''), uploadId: textOf(each, 'UploadId') ?? '' });
      if (textOf(body, 'IsTruncated') !== 'true') return found;
      marker = `&key-marker=${queried(decoded(textOf(body, 'NextKeyMarker') ?? ''))}&upload-id-marker=${queried(textOf(body, 'NextUploadIdMarker') ?? '')}`;
    }
  }

  /** Makes an object of the parts, which must not exist yet. */
  async completeUpload(key: string, uploadId: string, parts: readonly Part[]): Promise<void> {
    const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
      parts.map(({ part, etag }) => `<Part><PartNumber>${part}</PartNumber><ETag>${escaped(`"${etag}"`)}</ETag></Part>`).join('')}</CompleteMultipartUpload>`;
    const { body } = await this.client.sendAndRead({ method: 'POST', key, query: `uploadId=${queried(uploadId)}`, body: Buffer.from(xml), headers: neverReplace });
    const [error] = elementsOf(body.toString(), 'Error'); // S3 may find out after it has said 200
    if (error !== undefined) throw requestFailed(new S3Failure(500, textOf(error, 'Code') ?? 'without a code'), this.client.store);
  }

  /** Asks for an archived object to be made readable for some days. */
  async restore(key: string, { tier, days }: { readonly tier: string; readonly days: number }): Promise<void> {
    const xml = `<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Days>${days}</Days><GlacierJobParameters><Tier>${tier}</Tier></GlacierJobParameters></RestoreRequest>`;
    await this.client.sendAndRead({ method: 'POST', key, query: 'restore', body: Buffer.from(xml) });
  }

  private async *pages(prefix: string, extra: string, limit = 1000): AsyncGenerator<{ readonly body: string; readonly decoded: (name: string) => string }> {
    for (let token = ''; ;) {
      const { body, decoded } = await this.page(`list-type=2&encoding-type=url&max-keys=${limit}&prefix=${queried(prefix)}${extra}${token}`);
      yield { body, decoded };
      const next = textOf(body, 'NextContinuationToken');
      if (textOf(body, 'IsTruncated') !== 'true') return;
      if (!next) throw requestFailed(new S3Failure(500, 'a listing cut short without a token'), this.client.store);
      token = `&continuation-token=${queried(next)}`;
    }
  }

  private async page(query: string): Promise<{ readonly body: string; readonly decoded: (name: string) => string }> {
    const body = (await this.client.sendAndRead({ method: 'GET', query })).body.toString();
    // One that was cut short would hide objects, and with them that a bag is sealed.
    if (!/<\/List\w+Result>\s*$/.test(body)) throw requestFailed(new S3Failure(500, 'a listing without its end'), this.client.store);
    const encoded = textOf(body, 'EncodingType') === 'url';
    return { body, decoded: (name) => (encoded ? decodeURIComponent(name.replaceAll('+', ' ')) : name) };
  }
}

/** As AWS Signature Version 4 wants it in a query. */
function queried(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function headOf(headers: IncomingHttpHeaders): ObjectHead {
  const word = (name: string): string | undefined => headers[name]?.toString();
  const etag = (word('etag') ?? '').replace(/^"|"$/g, '');
  const size = BigInt(word('content-length') ?? '-1');
  const versionId = word('x-amz-version-id') ?? 'null';
  const whole = word('x-amz-checksum-type') === 'FULL_OBJECT' ? word('x-amz-checksum-sha256') : undefined;
  return {
    size, etag, version: `${etag}:${versionId}:${word('last-modified') ?? ''}:${size}`,
    source: word(sourceHeader),
    storageClass: word('x-amz-storage-class') ?? 'STANDARD',
    archiveStatus: word('x-amz-archive-status'), restore: word('x-amz-restore'), replication: word('x-amz-replication-status'),
    sha256: whole === undefined ? undefined : Buffer.from(whole, 'base64').toString('hex'),
  };
}
