import { readFileSync } from 'node:fs';
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { makeCertificate } from '@coldroom/omero-server';

export interface ReverseProxy {
  /** With the path and a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

interface Change {
  /** Headers that it sets. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What happens before the request is passed on. */
  readonly before?: (request: IncomingMessage) => Promise<void>;
}

/** Passes requests below the target's path on to it, as a web server before OMERO.web does; all else is not found. */
export function startReverseProxy(target: string, change: Change = {}): Promise<ReverseProxy> {
  return listening(createServer(passOn(target, change)), 'http', new URL(target).pathname);
}

/** The same over HTTPS, with a certificate that is made in `dir` and trusted by this process. */
export function startSecureProxy(target: string, dir: string): Promise<ReverseProxy> {
  const files = makeCertificate(dir);
  const [cert, key] = [readFileSync(files.certificate, 'utf8'), readFileSync(files.key)];
  setDefaultCACertificates([...getCACertificates('default'), cert]);
  const server = createSecureServer({ cert, key }, passOn(target, { headers: { 'x-forwarded-proto': 'https' } }));
  return listening(server, 'https', new URL(target).pathname);
}

function passOn(target: string, { headers, before }: Change): RequestListener {
  const { hostname, port, pathname } = new URL(target);
  const unavailable = (outgoing: ServerResponse): unknown =>
    outgoing.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
  const pass: RequestListener = (incoming, outgoing) => {
    if (!incoming.url?.startsWith(pathname)) {
      outgoing.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>');
      return;
    }
    const onward = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers: { ...incoming.headers, ...headers } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.once('error', () => unavailable(outgoing));
    incoming.pipe(onward);
  };
  if (!before) return pass;
  return (incoming, outgoing) =>
    void before(incoming).then(
      () => pass(incoming, outgoing),
      (error: unknown) => {
        console.error(error);
        unavailable(outgoing);
      },
    );
}

async function listening(server: Server, scheme: string, path: string): Promise<ReverseProxy> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return { url: `${scheme}://127.0.0.1:${address.port}${path}`, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
