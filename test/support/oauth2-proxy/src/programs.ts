import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { keepPrograms, keptPrograms } from '@coldroom/local';

const version = '7.15.6';
const name = `oauth2-proxy-${version}`;

export interface Oauth2ProxyPrograms {
  readonly proxy: string;
  readonly provider: string;
}

const inside = (folder: string): Oauth2ProxyPrograms => ({
  proxy: join(folder, 'oauth2-proxy'),
  provider: join(folder, 'openid-provider'),
});

/** The programs, if `buildPrograms` was ever called on this machine. */
export function builtPrograms(): Oauth2ProxyPrograms | undefined {
  const folder = keptPrograms(name);
  return folder === undefined ? undefined : inside(folder);
}

/** Compiles both with Go, for minutes, and keeps them in the user's cache directory. */
export function buildPrograms(): Oauth2ProxyPrograms {
  const folder = keepPrograms(name, (place) => {
    const go = (cwd: string, ...args: string[]): unknown =>
      execFileSync('go', args, { cwd, stdio: 'inherit', env: { ...process.env, GOBIN: place } });
    const small = '-ldflags=-s -w';
    go(join(__dirname, '..', 'openid-provider'), 'build', small, '-o', join(place, 'openid-provider'), '.');
    go(place, 'install', small, `github.com/oauth2-proxy/oauth2-proxy/v7@v${version}`);
  });
  return inside(folder);
}
