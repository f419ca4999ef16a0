import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Account {
  readonly id: number;
  readonly username: string;
  readonly password: string;
  readonly inactive?: boolean;
}

/** How it misbehaves, until another fault is set. */
export type Fault =
  | 'none'
  | 'silent' // takes the request and never answers
  | 'cut off' // closes the connection in the middle of an answer
  | 'html' // a page of a proxy instead of JSON
  | 'redirect'
  | 'broken' // HTTP 502
  | 'huge'
  | 'csrf' // Django refuses the request as forged
  | 'server away' // OMERO.web is there, OMERO.server is not
  | 'version mismatch';

export interface FakeOmeroWeb {
  readonly url: string;
  fault: Fault;
  /** Sessions that were opened and not closed again. */
  readonly open: ReadonlySet<string>;
  readonly close: () => Promise<void>;
}

const refused = 'Connection not available, please check your user name and password.';

/**
 * The JSON API of OMERO.web as far as signing in goes, with the answers that OMERO.web 5.33 gives. Absolute addresses
 * in it name another host, as behind a proxy.
 */
export async function startFakeOmeroWeb(options: {
  readonly accounts: readonly Account[];
  readonly servers?: readonly string[];
  readonly prefix?: string;
}): Promise<FakeOmeroWeb> {
  const { accounts, servers = ['omero'], prefix = '/' } = options;
  const tokens = new Set<string>();
  const open = new Set<string>();
  const fake = { fault: 'none' as Fault };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (misbehaves(fake.fault, response)) return;
    const path = (request.url ?? '').split('?')[0] ?? '';
    const route = `${request.method} ${path.startsWith(prefix) ? path.slice(prefix.length) : 'elsewhere'}`;
    const cookies = cookiesOf(request);
    if (route === 'GET api/')
      return json(response, 200, { data: [{ version: '0', 'url:base': 'http://inner.host/other/api/v0/' }] });
    if (route === 'GET api/v0/token/') {
      const token = randomBytes(16).toString('hex');
      tokens.add(token);
      response.setHeader('set-cookie', `csrftoken=${token}; Path=/; SameSite=Lax`);
      return json(response, 200, { data: token });
    }
    if (route === 'GET api/v0/servers/')
      return json(response, 200, {
        data: servers.map((server, at) => ({ id: at + 1, host: `${server}.host`, port: 4064, server })),
      });
    const isForged =
      !tokens.has(String(request.headers['x-csrftoken'])) ||
      cookies.get('csrftoken') !== request.headers['x-csrftoken'] ||
      fake.fault === 'csrf';
    if (request.method === 'POST' && isForged) return json(response, 403, { message: 'CSRF Error. Reason given' });
    if (route === 'POST api/v0/login/') return login(new URLSearchParams(await bodyOf(request)), response);
    if (route === 'POST webclient/logout/') {
      open.delete(cookies.get('sessionid') ?? '');
      response.writeHead(302, { location: `${prefix}webclient/login/` }).end();
      return;
    }
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>');
  }

  function login(form: URLSearchParams, response: ServerResponse): void {
    if (fake.fault === 'server away')
      return json(response, 403, { message: 'Server is not responding, please contact administrator.' });
    if (fake.fault === 'version mismatch')
      return json(response, 403, { message: 'Client version does not match server, please contact administrator.' });
    const server = Number(form.get('server'));
    const found = accounts.find(({ username }) => username === form.get('username'));
    if (!found || found.password !== form.get('password') || !(server >= 1 && server <= servers.length))
      return json(response, 403, { message: refused });
    if (found.inactive) return json(response, 403, { message: 'This user is not active.' });
    const session = randomBytes(16).toString('hex');
    open.add(session);
    response.setHeader('set-cookie', `sessionid=${session}; HttpOnly; Path=/; SameSite=Lax`);
    json(response, 200, {
      success: true,
      eventContext: { userId: found.id, userName: found.username, isAdmin: false, sessionUuid: session },
    });
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, { url: `http://127.0.0.1:${port}${prefix}`, open, close: () => close(server) });
}

/** True where the fault has answered, or never will. */
function misbehaves(fault: Fault, response: ServerResponse): boolean {
  const html = { 'content-type': 'text/html' };
  switch (fault) {
    case 'silent':
      return true;
    case 'cut off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"data": [');
      setImmediate(() => response.destroy());
      return true;
    case 'html':
      response.writeHead(200, html).end('<html><body>Please sign in to the hospital network</body></html>');
      return true;
    case 'redirect':
      response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere/' }).end();
      return true;
    case 'broken':
      response.writeHead(502, html).end('<h1>Bad Gateway</h1>');
      return true;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"data": "${'x'.repeat(3_000_000)}"}`);
      return true;
    default:
      return false;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function cookiesOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  return new Map(
    (headers.cookie ?? '').split('; ').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
