import type { Client as MinioClient, ClientOptions } from 'minio';
import { hash } from 'node:crypto';
import type { Agent, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Connection } from './connection';
import { S3Failure, requestFailed } from './failures';
import { agentOf, transportOf } from './transport';
import { textOf } from './xml';

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key?: string;
  /** Percent-encoded. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Of the body, in hex, if it is known. */
  readonly sha256?: string;
}

/** One page of a listing; `decoded` returns a name in it unencoded. */
export interface Page {
  readonly body: string;
  readonly decoded: (name: string) => string;
}

const nothing = Buffer.alloc(0);
const sha256OfNothing = hash('sha256', nothing);
/** Any other failure never gets here: the transport fails with it. */
const successes = [200, 202, 204, 206];

/**
 * Requests to one bucket, addressed and signed by the MinIO client. Its calls for whole objects are not used: they hash
 * twice, retry, and accept a short stream as complete. The SHA-256 of every body is signed: the server refuses what was
 * damaged in transit. Nothing is retried here: the pipeline does that. Failures as `requestFailed` reports them.
 */
export class S3Client {
  private readonly agent: Agent;
  private readonly minio: MinioClient;
  private readonly place: { readonly bucketName: string; readonly region: string };
  readonly store: string;

  constructor(connection: Connection) {
    const { host, port, secure, accessKey, secretKey, region, pathStyle, bucket } = connection;
    this.agent = agentOf(connection);
    this.minio = bodySigningClient({
      endPoint: host,
      useSSL: secure,
      accessKey,
      secretKey,
      region,
      pathStyle,
      ...(port === undefined ? {} : { port }),
      transport: transportOf(connection),
      transportAgent: this.agent,
      retryOptions: { disableRetry: true },
    });
    this.place = { bucketName: bucket, region };
    this.store = connection.store;
  }

  /** The caller must read or destroy the body of the answer. */
  async send({
    method,
    key,
    query = '',
    headers = {},
    body = nothing,
    sha256 = body.length === 0 ? sha256OfNothing : hash('sha256', body),
  }: Ask): Promise<IncomingMessage> {
    const { bucketName, region } = this.place;
    const length = method === 'GET' || method === 'HEAD' ? {} : { 'content-length': String(body.length) };
    const options = {
      method,
      bucketName,
      query,
      headers: { ...headers, ...length },
      ...(key === undefined ? {} : { objectName: key }),
    };
    try {
      return await this.minio.makeRequestStreamAsync(options, body, sha256, successes, region);
    } catch (error) {
      throw requestFailed(error, this.store);
    }
  }

  /** The answer's body, at most `limit` bytes of it. */
  async sendAndRead(
    ask: Ask,
    limit = 16 * 1024 * 1024,
  ): Promise<{ readonly body: Buffer; readonly headers: IncomingMessage['headers'] }> {
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

  /** The body of an answer as a stream; leaving early closes the connection. */
  async *pieces(response: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      for await (const piece of response as AsyncIterable<Buffer>) yield piece;
    } catch (error) {
      throw requestFailed(error, this.store);
    }
  }

  async page(query: string, key?: string): Promise<Page> {
    const body = (
      await this.sendAndRead({ method: 'GET', query, ...(key === undefined ? {} : { key }) })
    ).body.toString();
    // A truncated listing would hide objects, and with them that a bag is sealed.
    if (!/<\/List\w+Result>\s*$/.test(body))
      throw requestFailed(new S3Failure(500, 'a listing without its end'), this.store);
    const isEncoded = textOf(body, 'EncodingType') === 'url';
    return { body, decoded: (name) => (isEncoded ? decodeURIComponent(name.replaceAll('+', ' ')) : name) };
  }

  close(): void {
    this.agent.destroy();
  }
}

/** The MinIO client signs no body over TLS; behind a proxy that ends TLS, damage would then pass unnoticed. */
function bodySigningClient(options: ClientOptions): MinioClient {
  // Loaded where it is needed: services without a bucket save its 30 MiB.
  const { Client } = createRequire(__filename)('minio') as { readonly Client: typeof MinioClient };
  const client = new Client(options);
  client.enableSHA256 = true;
  return client;
}

/** Percent-encoded as the signature requires it: all but letters, digits and `-._~`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
