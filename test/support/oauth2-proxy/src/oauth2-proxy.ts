import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '@coldroom/local';
import type { Oauth2ProxyPrograms } from './programs';

export interface RunningOauth2Proxy {
  /** Who signs in at the provider from now on. */
  person(login: string): void;
  stop(): Promise<void>;
}

interface Plan {
  /** Logs and the name of the person go here. */
  readonly dir: string;
  readonly port: number;
  /** What is behind it, with a slash at the end. */
  readonly upstream: string;
  readonly more?: readonly string[];
}

const client = 'coldroom';

/** Starts oauth2-proxy with an OpenID provider, as docs/console.md describes, on `http://127.0.0.1:<port>`. */
export async function startOauth2Proxy(programs: Oauth2ProxyPrograms, plan: Plan): Promise<RunningOauth2Proxy> {
  const { dir, port, upstream, more = [] } = plan;
  const [file, secret] = [join(dir, 'person'), randomBytes(16).toString('hex')];
  writeFileSync(file, '');
  const provider = await startServer({
    name: 'the OpenID provider',
    command: (free) => [programs.provider, String(free), client, secret, file],
    logFile: join(dir, 'openid-provider.log'),
    stopSignal: 'SIGTERM',
    ready: (free) => answers(`http://127.0.0.1:${free}/oidc/.well-known/openid-configuration`),
  });
  const proxy = await startServer({
    name: 'oauth2-proxy',
    port,
    command: () => [
      ...[programs.proxy, '--provider=oidc', `--oidc-issuer-url=http://127.0.0.1:${provider.port}/oidc`],
      ...[`--client-id=${client}`, `--client-secret=${secret}`, `--cookie-secret=${randomBytes(16).toString('hex')}`],
      ...['--email-domain=*', '--cookie-secure=false', `--http-address=127.0.0.1:${port}`, '--pass-user-headers=true'],
      ...[`--redirect-url=http://127.0.0.1:${port}/oauth2/callback`, `--upstream=${upstream}`, ...more],
    ],
    logFile: join(dir, 'oauth2-proxy.log'),
    stopSignal: 'SIGTERM',
    ready: () => answers(`http://127.0.0.1:${port}/ping`),
  }).catch(async (error: unknown) => {
    await provider.stop();
    throw error;
  });
  return {
    person: (login) => writeFileSync(file, login),
    stop: async () => {
      await proxy.stop();
      await provider.stop();
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}
