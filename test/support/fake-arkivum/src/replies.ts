import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults';

/** What the appliance reports of itself in recorded answers. */
const server = 'A-Stor/2.2.9.8409 (Noelios-Restlet-Engine/1.1.10)';

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** Sends the reply, or what the first fault of the connection makes of it. */
export function send(response: ServerResponse, reply: Reply, faults: readonly Fault[]): void {
  const text = reply.body === undefined ? '' : JSON.stringify(reply.body, null, 2);
  for (const fault of faults) {
    switch (fault.kind) {
      case 'silent':
        return;
      case 'cut':
        response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': text.length + 100 });
        response.write(text.slice(0, text.length / 2), () => response.destroy());
        return;
      case 'status':
        return write(response, fault.status, 'text/plain', 'Internal Server Error');
      case 'html':
        return write(response, 200, 'text/html', '<html><body>Please log in</body></html>');
      case 'redirect':
        response.setHeader('location', fault.to);
        return write(response, 302, 'text/plain', '');
      default:
    }
  }
  write(response, reply.status, 'application/json; charset=ISO-8859-1', text);
}

function write(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, server });
  response.end(text);
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('latin1');
}

/** A form field as Python's requests sends it: multipart, or URL-encoded. */
export function formField(body: string, name: string): string | undefined {
  const part = new RegExp(`name="${name}"\\r\\n\\r\\n([^\\r]*)\\r\\n`).exec(body);
  return part ? part[1] : (new URLSearchParams(body).get(name) ?? undefined);
}
