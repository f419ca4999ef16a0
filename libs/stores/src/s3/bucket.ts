import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Client, encoded, type Page } from './client';
import type { Connection } from './connection';
import { S3Failure, isAbsent, requestFailed } from './failures';
import { headOf, listedIn, sourceHeader, type Listed, type ObjectHead } from './object-head';
import { elementsOf, textOf } from './xml';

const neverReplace = { 'if-none-match': '*' };

/** The objects of one bucket. Failures as `requestFailed` reports them. */
export class Bucket {
  readonly client: S3Client;
  private readonly storageClass: string | undefined;

  constructor(connection: Connection) {
    this.client = new S3Client(connection);
    this.storageClass = connection.storageClass;
  }

  /** Undefined if there is no such object; only a listing shows whether there is such a bucket. */
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

  /**
   * The object, with what is known of it; `size` counts if the answer reports none. The caller must read or destroy its
   * body.
   */
  async get(key: string, size: bigint): Promise<{ readonly head: ObjectHead; readonly body: IncomingMessage }> {
    const body = await this.client.send({ method: 'GET', key });
    return { head: headOf({ 'content-length': String(size), ...body.headers }), body };
  }

  /** A small object; undefined if there is none. */
  async read(key: string, limit: number): Promise<Buffer | undefined> {
    try {
      return (await this.client.sendAndRead({ method: 'GET', key }, limit)).body;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Page by page, in key order. */
  async *list(prefix: string): AsyncGenerator<readonly Listed[]> {
    for await (const { body, decoded } of this.pages(prefix, '')) {
      yield listedIn(body, decoded);
    }
  }

  /** The names directly below a prefix that have others below them, page by page. */
  async *folders(prefix: string): AsyncGenerator<readonly string[]> {
    for await (const { body, decoded } of this.pages(prefix, '&delimiter=%2F')) {
      yield elementsOf(body, 'CommonPrefixes').map((each) =>
        decoded(textOf(each, 'Prefix') ?? '').slice(prefix.length, -1),
      );
    }
  }

  /**
   * Checks by a listing whether there is an object: unlike HEAD, it distinguishes a missing bucket from a missing
   * object.
   */
  async has(key: string): Promise<boolean> {
    for await (const { body, decoded } of this.pages(key, '', 1))
      return elementsOf(body, 'Contents').some((each) => decoded(textOf(each, 'Key') ?? '') === key);
    return false;
  }

  /**
   * Puts an object that must not exist: `S3Failure` 412 if it does and the server honours If-None-Match. The server
   * checks the body against its SHA-256, which may be given if it is known.
   */
  async putNew(
    key: string,
    body: Buffer,
    headers: Readonly<Record<string, string>> = {},
    sha256: Buffer = createHash('sha256').update(body).digest(),
  ): Promise<void> {
    const checked = { ...neverReplace, 'x-amz-checksum-sha256': sha256.toString('base64'), ...headers };
    await this.client.sendAndRead({ method: 'PUT', key, body, sha256: sha256.toString('hex'), headers: checked });
  }

  /** For copies: their storage class, and their source. */
  headersOf(source: string): Record<string, string> {
    return {
      'content-type': 'application/octet-stream',
      [sourceHeader]: source,
      ...(this.storageClass === undefined ? {} : { 'x-amz-storage-class': this.storageClass }),
    };
  }

  async remove(key: string): Promise<void> {
    await this.client.sendAndRead({ method: 'DELETE', key });
  }

  /** Requests that an archived object be readable for some days. */
  async restore(key: string, { tier, days }: { readonly tier: string; readonly days: number }): Promise<void> {
    const xml = `<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Days>${days}</Days><GlacierJobParameters><Tier>${tier}</Tier></GlacierJobParameters></RestoreRequest>`;
    await this.client.sendAndRead({ method: 'POST', key, query: 'restore', body: Buffer.from(xml) });
  }

  private async *pages(prefix: string, extra: string, limit = 1000): AsyncGenerator<Page> {
    for (let token = ''; ;) {
      const page = await this.client.page(
        `list-type=2&encoding-type=url&max-keys=${limit}&prefix=${encoded(prefix)}${extra}${token}`,
      );
      yield page;
      const next = textOf(page.body, 'NextContinuationToken');
      if (textOf(page.body, 'IsTruncated') !== 'true') return;
      if (!next) throw requestFailed(new S3Failure(500, 'a listing cut short without a token'), this.client.store);
      token = `&continuation-token=${encoded(next)}`;
    }
  }
}
