import { Client } from 'minio';
import { createHash } from 'node:crypto';
import type { Agent, IncomingMessage } from 'node:http';
import type { Connection } from './connection';
import { requestFailed } from './failures';
import { agentOf, requester } from './transport';

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Part {
  readonly part: number;
  readonly etag: string;
}

/** minio's client tells the parts of an upload to its subclasses only. */
class OpenClient extends Client {
  partsOf(bucket: string, key: string, uploadId: string): ReturnType<Client['listParts']> {
    return this.listParts(bucket, key, uploadId);
  }
}

/**
 * Signed requests to one bucket. Only those calls of the client are used that take whole buffers: its upload of streams hangs where the
 * stream fails, and takes a short one for whole. It signs the SHA-256 of every body, so the server refuses what was damaged on
 * the way. Nothing is retried here: that is the pipeline's. Failures as `requestFailed` tells them.
 */
export class S3Client {
  private readonly client: OpenClient;
  private readonly agent: Agent;
  private readonly bucket: string;
  readonly store: string;

  constructor(connection: Connection) {
    const { store, host, port, secure, region, accessKey, secretKey, pathStyle, bucket } = connection;
    this.agent = agentOf(connection);
    this.client = new OpenClient({
      endPoint: host, ...(port === undefined ? {} : { port }), useSSL: secure, region, accessKey, secretKey, pathStyle,
      transport: { request: requester(connection) as never }, transportAgent: this.agent, retryOptions: { disableRetry: true },
    });
    this.client.enableSHA256 = true;
    this.bucket = bucket;
    this.store = store;
  }

  /** Whoever sends has to read or destroy the answer's body. */
  send({ method, key, query, headers = {}, body }: Ask): Promise<IncomingMessage> {
    const payload = body ?? '';
    const sized = method === 'GET' || method === 'HEAD' ? headers : { ...headers, 'content-length': String(payload.length) };
    return this.call(() => this.client.makeRequestStreamAsync(
      { method, bucketName: this.bucket, ...(key === undefined ? {} : { objectName: key }), ...(query === undefined ? {} : { query }), headers: sized },
      payload, createHash('sha256').update(payload).digest('hex'), [200, 202, 204, 206], ''));
  }

  /** The answer's body, at most `limit` bytes of it. */
  async sendAndRead(ask: Ask, limit = 16 * 1024 * 1024): Promise<{ readonly body: Buffer; readonly headers: IncomingMessage['headers'] }> {
    const response = await this.send(ask);
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.pieces(response)) {
      length += piece.length;
      if (length > limit) throw new RangeError(`an answer of more than ${limit} bytes`);
      pieces.push(piece);
    }
    return { body: Buffer.concat(pieces), headers: response.headers };
  }

  /** The body of an answer as it comes; leaving early closes the connection. */
  async *pieces(response: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      for await (const piece of response as AsyncIterable<Buffer>) yield piece;
    } catch (error) {
      throw requestFailed(error, this.store);
    }
  }

  startUpload(key: string, headers: Readonly<Record<string, string>>): Promise<string> {
    return this.call(() => this.client.initiateNewMultipartUpload(this.bucket, key, { ...headers }));
  }

  /** The part's ETag, for completing the upload. */
  putPart(key: string, uploadId: string, number: number, body: Buffer): Promise<string> {
    return this.call(async () => (await this.client.uploadPart({ bucketName: this.bucket, objectName: key, uploadID: encodeURIComponent(uploadId), partNumber: number, headers: {} }, body)).etag);
  }

  partsOf(key: string, uploadId: string): ReturnType<OpenClient['partsOf']> {
    return this.call(() => this.client.partsOf(this.bucket, key, uploadId));
  }

  abortUpload(key: string, uploadId: string): Promise<void> {
    return this.call(() => this.client.abortMultipartUpload(this.bucket, key, encodeURIComponent(uploadId)));
  }

  close(): void {
    this.agent.destroy();
  }

  private async call<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw requestFailed(error, this.store);
    }
  }
}
