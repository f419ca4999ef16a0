import { readFileSync } from 'node:fs';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { makeCertificate } from '@coldroom/omero-server';

/**
 * What is between a workstation and the console: it ends TLS, as a proxy does, counts the bytes of files, and fails as a
 * network does.
 */
export class UploadFront {
  /** Bytes of files that were passed on. */
  sent = 0;
  /** Cuts all connections once so many bytes were passed on. */
  cutAfter = Infinity;
  /** Changes a bit of one byte. */
  damageNext = false;
  readonly paths: string[] = [];
  private readonly waiting: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    readonly certificate: string,
    public target: string,
  ) {}

  static async start(dir: string, target: string): Promise<UploadFront> {
    const { certificate, key } = makeCertificate(dir);
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    const front = new UploadFront(server, certificate, target);
    server.on('request', (incoming, outgoing) => front.pass(incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}/coldroom`;
  }

  /** Once so many bytes of files were passed on. */
  async after(bytes: number): Promise<void> {
    while (this.sent < bytes) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  cut(): void {
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.paths.push(`${incoming.method} ${incoming.url}`);
    const { hostname, port } = new URL(this.target);
    const onward = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      },
    );
    onward.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end('Bad Gateway')));
    incoming.on('error', () => onward.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(incoming.method === 'PATCH' ? this.counting() : new Transform({ transform: through })).pipe(onward);
  }

  private counting(): Transform {
    return new Transform({
      transform: (piece: Buffer, _encoding, done) => {
        this.sent += piece.length;
        if (this.damageNext) {
          this.damageNext = false;
          piece[0] = (piece[0] as number) ^ 1;
        }
        for (const wake of this.waiting.splice(0)) wake();
        done(null, piece);
        if (this.sent < this.cutAfter) return;
        this.cutAfter = Infinity;
        this.cut();
      },
    });
  }
}

const through = (piece: Buffer, _encoding: unknown, done: (error: null, piece: Buffer) => void): void =>
  done(null, piece);
