import { codeOf, messageOf, Transient } from '@coldroom/domain';
import { readFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { guardedLookup } from '../forbidden-address';
import type { ArkivumStoreSettings } from '../store-settings';

export interface Answer {
  readonly status: number;
  /** Empty if it is longer than any answer that the appliance gives. */
  readonly body: string;
}

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string };
}

/** The answer about a file of terabytes lists its chunks, about 500 bytes each. */
const bodyLimit = 16 * 1024 * 1024;

/**
 * HTTP client for the appliance: few connections, kept open; its certificate always verified, redirects never followed.
 * No answer within the limit is `Transient` `STORE_UNAVAILABLE`; the caller judges any answer, whatever its status.
 */
export class ApplianceClient {
  private readonly base: URL;
  private readonly transport: typeof http | typeof https;
  private agent: http.Agent | undefined;

  constructor(
    private readonly store: string,
    private readonly settings: Pick<ArkivumStoreSettings, 'url' | 'caFile' | 'silenceLimit' | 'connections'>,
  ) {
    this.base = new URL(settings.url);
    this.transport = this.base.protocol === 'https:' ? https : http;
  }

  /** `path` starts with a slash and is percent-encoded. Sent once more if an idle connection turns out to be closed. */
  async get(path: string): Promise<Answer> {
    return this.ask({ method: 'GET', path });
  }

  /** Never sent twice automatically. */
  async post(path: string, type: string, content: string): Promise<Answer> {
    return this.ask({ method: 'POST', path, body: { type, content } });
  }

  /** May be called twice. */
  close(): void {
    this.agent?.destroy();
    this.agent = undefined;
  }

  private async ask(question: Question): Promise<Answer> {
    try {
      const agent = (this.agent ??= await this.connect());
      try {
        return await this.send(question, agent);
      } catch (error) {
        if (question.method === 'POST' || !(error instanceof StaleConnection)) throw error;
        return await this.send(question, agent);
      }
    } catch (error) {
      const reason =
        error instanceof StaleConnection
          ? 'it closed the connection'
          : codeOf(error) === 'ABORT_ERR'
            ? `nothing within ${this.settings.silenceLimit / 1000} s`
            : `${codeOf(error)}: ${messageOf(error)}`;
      throw new Transient(
        'STORE_UNAVAILABLE',
        `The appliance of store ${this.store} did not answer at ${this.base.origin} (${reason}).`,
        { store: this.store, path: question.path },
        { cause: error },
      );
    }
  }

  private async connect(): Promise<http.Agent> {
    const { caFile, connections } = this.settings;
    const options = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
    if (this.transport === http) return new http.Agent(options);
    return new https.Agent({
      ...options,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(caFile ? { ca: await readFile(caFile) } : {}),
    });
  }

  private send({ method, path, body }: Question, agent: http.Agent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.transport.request({
        agent,
        method,
        path: `${this.base.pathname.replace(/\/+$/, '')}${path}`,
        host: this.base.hostname.replace(/^\[|\]$/g, ''),
        port: this.base.port,
        signal: AbortSignal.timeout(this.settings.silenceLimit),
        lookup: guardedLookup,
        headers: {
          accept: 'application/json',
          ...(body ? { 'content-type': body.type, 'content-length': Buffer.byteLength(body.content) } : {}),
        },
      });
      request.once('error', (error) =>
        reject(
          request.reusedSocket && codeOf(error) === 'ECONNRESET'
            ? new StaleConnection(error.message, { cause: error })
            : error,
        ),
      );
      request.once('response', (response) => {
        bodyOf(response).then((text) => resolve({ status: response.statusCode ?? 0, body: text }), reject);
      });
      request.end(body?.content);
    });
  }
}

/** A kept connection that the other side had closed meanwhile. */
class StaleConnection extends Error {}

async function bodyOf(response: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > bodyLimit) return ''; // leaving the loop destroys the connection
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
