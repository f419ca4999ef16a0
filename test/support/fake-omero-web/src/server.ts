import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { misbehaves, type Fault } from './faults';

export interface Account {
  readonly id: number;
  readonly username: string;
  readonly password: string;
  readonly inactive?: boolean;
}

/** An entry of OMERO.web's list of servers. */
export interface ListedServer {
  readonly name: string;
  readonly host: string;
  /** Does not answer OMERO.web, or has another version than it. */
  readonly trouble?: 'server away' | 'version mismatch';
}

export interface FakeOmeroWeb {
  readonly url: string;
  fault: Fault;
  /** Sessions that were opened and not closed again. */
  readonly open: ReadonlySet<string>;
  /** Ends all of them, as OMERO.server does with sessions that are idle or that an administrator closes. */
  endSessions(): void;
  readonly close: () => Promise<void>;
}

/** What OMERO.web says to a wrong password, an unknown account and an inactive one alike. */
const refused = 'Connection not available, please check your user name and password.';
const unlisted = 'Server: Select a valid choice. That choice is not one of the available choices.';
const troubles = {
  'server away': 'Server is not responding, please contact administrator.',
  'version mismatch': 'Client version does not match server, please contact administrator.',
} as const;

/**
 * The JSON API of OMERO.web as far as signing in goes, with the answers that OMERO.web 5.33 gives. Absolute addresses
 * in it name another host, as behind a proxy.
 */
export async function startFakeOmeroWeb(options: {
  readonly accounts: readonly Account[];
  readonly servers?: readonly ListedServer[];
  readonly prefix?: string;
  /** Reachable from this machine only, unless it says otherwise. */
  readonly host?: string;
  /** Any free one if it is not given. */
  readonly port?: number;
}): Promise<FakeOmeroWeb> {
  const { accounts, servers = [{ name: 'omero', host: 'omero.host' }], prefix = '/' } = options;
  /** By the cookie: Django gives another text each time, made from the same secret. */
  const tokens = new Map<string, string>();
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
      const [secret, token] = [randomBytes(16).toString('hex'), randomBytes(32).toString('hex')];
      tokens.set(secret, token);
      response.setHeader('set-cookie', `csrftoken=${secret}; Path=/; SameSite=Lax`);
      return json(response, 200, { data: token });
    }
    if (route === 'GET api/v0/servers/')
      return json(response, 200, {
        data: servers.map(({ name, host }, at) => ({ id: at + 1, host, port: 4064, server: name })),
      });
    const isForged =
      tokens.get(cookies.get('csrftoken') ?? 'none') !== String(request.headers['x-csrftoken']) ||
      isForeign(request) ||
      fake.fault === 'csrf';
    if (route === 'GET api/v0/login/')
      return json(response, 405, { message: 'POST only with username, password, server and csrftoken' });
    if (request.method === 'POST' && isForged)
      return json(response, 403, { message: 'CSRF Failed: CSRF cookie not set.' });
    if (route === 'POST api/v0/login/') return login(new URLSearchParams(await bodyOf(request)), response);
    if (route === 'POST webclient/logout/') {
      open.delete(cookies.get('sessionid') ?? '');
      response.writeHead(302, { location: `${prefix}webclient/login/` }).end();
      return;
    }
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>');
  }

  function login(form: URLSearchParams, response: ServerResponse): void {
    const server = servers[Number(form.get('server')) - 1];
    if (!server) return json(response, 403, { message: unlisted });
    const trouble = fake.fault in troubles ? (fake.fault as keyof typeof troubles) : server.trouble;
    if (trouble) return json(response, 403, { message: troubles[trouble] });
    const found = accounts.find(({ username }) => username === form.get('username'));
    if (!found || found.password !== form.get('password') || found.inactive)
      return json(response, 403, { message: refused });
    const session = randomBytes(16).toString('hex');
    open.add(session);
    response.setHeader('set-cookie', `sessionid=${session}; HttpOnly; Path=/; SameSite=Lax`);
    json(response, 200, {
      success: true,
      eventContext: {
        ...{ sessionId: open.size, sessionUuid: session, userId: found.id, userName: found.username },
        ...{ groupId: 3, groupName: 'microscopy', isAdmin: false, eventId: -1, eventType: 'User' },
        ...{ memberOfGroups: [3, 1], leaderOfGroups: [] },
      },
    });
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    url: `http://127.0.0.1:${port}${prefix}`,
    open,
    endSessions: () => open.clear(),
    close: () => close(server),
  });
}

/** Where the proxy says that it speaks HTTPS, Django wants a Referer of the same address. */
function isForeign({ headers }: IncomingMessage): boolean {
  return headers['x-forwarded-proto'] === 'https' && !headers.referer?.startsWith(`https://${headers.host}/`);
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
