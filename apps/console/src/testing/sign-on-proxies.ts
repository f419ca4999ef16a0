import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startOauth2Proxy, type Oauth2ProxyPrograms } from '@coldroom/oauth2-proxy';

/** What oauth2-proxy calls the header that it fills from `preferred_username`. */
export const userHeader = 'x-forwarded-preferred-username';

/** A proxy in front of the console that signs people in, on a port that was chosen before. */
export interface SignOnProxy {
  /** Who signs in from now on. */
  person(login: string): void;
  /** From the proxy's page for whoever is not signed in. */
  signIn(page: Page): Promise<void>;
  stop(): Promise<void>;
}

export interface Ports {
  readonly port: number;
  readonly backend: number;
}

/** The least that such a proxy does: a cookie for who is signed in, and a header that it always replaces. */
export async function startMinimalProxy({ port, backend }: Ports): Promise<SignOnProxy> {
  let login = '';
  const server = createServer((incoming, outgoing) => {
    const { url: path = '', method, headers } = incoming;
    const own = answers[path]?.(login);
    const signedIn = /(?:^|; )signed-in=(\w+)/.exec(headers.cookie ?? '')?.[1];
    if (own) return void outgoing.writeHead(302, own).end();
    delete headers[userHeader];
    if (signedIn !== undefined) headers[userHeader] = signedIn;
    else if (!path.startsWith('/coldroom/api/')) return void outgoing.writeHead(403, html).end(signInPage);
    const onward = request({ hostname: '127.0.0.1', port: backend, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    person: (name) => void (login = name),
    signIn: (page) => page.getByRole('link', { name: 'Sign in' }).click(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const html = { 'content-type': 'text/html' };
const signInPage = '<!doctype html><a href="/oauth2/start">Sign in</a>';
const answers: Readonly<Record<string, (login: string) => Record<string, string>>> = {
  '/oauth2/start': (login) => ({ location: '/coldroom/', 'set-cookie': `signed-in=${login}; Path=/; HttpOnly` }),
  '/oauth2/sign_out': () => ({ location: '/', 'set-cookie': 'signed-in=; Path=/; Max-Age=0' }),
};

export async function startRealProxy(programs: Oauth2ProxyPrograms, { port, backend }: Ports): Promise<SignOnProxy> {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-oauth2-proxy-'));
  const { person, stop } = await startOauth2Proxy(programs, {
    dir,
    port,
    upstream: `http://127.0.0.1:${backend}/`,
    more: ['--skip-auth-route=^/coldroom/api/'],
  });
  return {
    person,
    signIn: (page) => page.getByRole('button', { name: /^Sign in with/ }).click(),
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
