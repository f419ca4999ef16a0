import { hash } from 'node:crypto';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Connection } from './connection';
import { S3Failure, requestFailed } from './failures';
import { Signer, encoded } from './signer';
import { agentOf, requester } from './transport';
import { textOf } from './xml';

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key?: string;
  /** Percent-encoded. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Of the body, in hex, where it is known. */
  readonly sha256?: string;
}

/** One page of a listing; `decoded` gives a name in it as it is. */
export interface Page {
  readonly body: string;
  readonly decoded: (name: string) => string;
}

const nothing = Buffer.alloc(0);
const sha256OfNothing = hash('sha256', nothing);

/**
 * Signed requests to one bucket. The SHA-256 of every body is signed, so the server refuses what was damaged on the way. Nothing is
 * retried here: that is the pipeline's. Failures as `requestFailed` tells them.
 */
export class S3Client {
  private readonly agent: Agent;
  private readonly signer: Signer;
  private readonly request: (options: RequestOptions, take: (response: IncomingMessage) => void) => ClientRequest;
  private readonly place: { readonly host: string; readonly hostHeader: string; readonly port: number; readonly top: string };
  readonly store: string;

  constructor(connection: Connection) {
    this.agent = agentOf(connection);
    this.signer = new Signer(connection);
    this.request = requester(connection);
    this.place = placeOf(connection);
    this.store = connection.store;
  }

  /** Whoever sends has to read or destroy the answer's body. */
  async send({ method, key, query = '', headers, body = nothing, sha256 = body.length === 0 ? sha256OfNothing : hash('sha256', body) }: Ask): Promise<IncomingMessage> {
    const { host, hostHeader, port, top } = this.place;
    const path = `${top}${key === undefined ? '' : `/${key.split('/').map(encoded).join('/')}`}` || '/';
    const length = method === 'GET' || method === 'HEAD' ? undefined : { 'content-length': String(body.length) };
    const signed = this.signer.sign({ method, path, query, headers: { ...headers, ...length, host: hostHeader }, sha256 });
    try {
      return await new Promise((take, fail) => {
        this.request({ method, host, port, path: query === '' ? path : `${path}?${query}`, headers: signed, agent: this.agent }, take).on('error', fail).end(body);
      });
    } catch (error) {
      throw requestFailed(error, this.store);
    }
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

  async page(query: string, key?: string): Promise<Page> {
    const body = (await this.sendAndRead({ method: 'GET', query, ...(key === undefined ? {} : { key }) })).body.toString();
    // One that was cut short would hide objects, and with them that a bag is sealed.
    if (!/<\/List\w+Result>\s*$/.test(body)) throw requestFailed(new S3Failure(500, 'a listing without its end'), this.store);
    const isEncoded = textOf(body, 'EncodingType') === 'url';
    return { body, decoded: (name) => (isEncoded ? decodeURIComponent(name.replaceAll('+', ' ')) : name) };
  }

  close(): void {
    this.agent.destroy();
  }
}

/** A certificate for `*.host` does not cover a bucket's name that has a dot: such a bucket is always named in the path. */
function placeOf({ host, port, secure, pathStyle, bucket }: Connection): S3Client['place'] {
  const inHost = !pathStyle && !(secure && bucket.includes('.'));
  const named = inHost ? `${bucket}.${host}` : host;
  const usual = secure ? 443 : 80;
  const shown = isIPv6(named) ? `[${named}]` : named;
  return { host: named, hostHeader: port === undefined || port === usual ? shown : `${shown}:${port}`, port: port ?? usual, top: inHost ? '' : `/${bucket}` };
}
