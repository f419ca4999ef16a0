import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What goes wrong with one request. `lost`: the server does the work, its answer never arrives. `short`: complete in
 * form, half of the content. `unsized`: the same without a length. `cut`: the connection ends in the middle.
 */
export type Fault =
  | { readonly kind: 'reset' | 'lost' | 'short' | 'unsized' | 'cut' | 'silence' }
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'edit'; readonly edit: (body: string) => string };

export interface FaultProxy {
  readonly url: string;
  /** Called for each request; undefined lets it pass. */
  fault: (method: string, path: string, headers: IncomingHttpHeaders) => Fault | undefined;
  /** Every request so far, as `METHOD path`. */
  readonly seen: string[];
  close(): Promise<void>;
}

/** A proxy between a store and its server that injects the requested faults. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(upstream);
  const server = createServer((request, response) => {
    const [method, path] = [request.method!, decodeURIComponent(request.url!)];
    proxy.seen.push(`${method} ${path}`);
    const fault = proxy.fault(method, path, request.headers);
    if (fault?.kind === 'reset') return void request.socket.destroy();
    if (fault?.kind === 'silence') return void request.resume();
    if (fault?.kind === 'answer') return void refuse(request, response, fault);
    const onward = forward({ hostname, port, method, path: request.url, headers: request.headers }, (answer) =>
      pass(answer, request, response, fault),
    );
    onward.on('error', () => request.socket.destroy());
    request.on('error', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => undefined,
    seen: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => {
        server.close(() => closed());
      });
    },
  };
  return proxy;
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code }: { readonly status: number; readonly code: string },
): void {
  request.resume().on('end', () => {
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(
        request.method === 'HEAD'
          ? ''
          : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>SECRET</Message></Error>`,
      );
  });
}

function pass(
  answer: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): void {
  const pieces: Buffer[] = [];
  answer.on('data', (piece: Buffer) => pieces.push(piece));
  answer.on('end', () => {
    const body = Buffer.concat(pieces);
    const half = body.subarray(0, body.length / 2);
    const edited = fault?.kind === 'edit' ? Buffer.from(fault.edit(body.toString())) : body;
    const { 'transfer-encoding': _chunked, 'content-length': _length, ...plain } = answer.headers;
    const headers =
      fault?.kind === 'unsized'
        ? plain
        : fault?.kind === 'short'
          ? { ...plain, 'content-length': String(half.length) }
          : fault?.kind === 'edit'
            ? { ...plain, 'content-length': String(edited.length) }
            : { ...answer.headers, ...(fault?.kind === 'headers' ? fault.headers : {}) };
    if (fault?.kind === 'lost') return void request.socket.destroy();
    response.writeHead(answer.statusCode!, headers);
    if (fault?.kind !== 'cut')
      return void response.end(fault?.kind === 'short' || fault?.kind === 'unsized' ? half : edited);
    response.write(half, () => request.socket.destroy());
  });
}
