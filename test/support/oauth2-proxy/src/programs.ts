import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const version = '7.15.6';
const cache = join(homedir(), '.cache', 'coldroom-tests');
const folder = join(cache, `oauth2-proxy-${version}`);

export interface Oauth2ProxyPrograms {
  readonly proxy: string;
  readonly provider: string;
}

const programs: Oauth2ProxyPrograms = {
  proxy: join(folder, 'oauth2-proxy'),
  provider: join(folder, 'openid-provider'),
};

/** The programs, if `buildPrograms` was ever called on this machine. */
export function builtPrograms(): Oauth2ProxyPrograms | undefined {
  return existsSync(folder) ? programs : undefined;
}

/** Compiles both with Go, for minutes, and keeps them in the user's cache directory. */
export function buildPrograms(): Oauth2ProxyPrograms {
  if (existsSync(folder)) return programs;
  mkdirSync(cache, { recursive: true });
  const place = mkdtempSync(join(cache, 'building-'));
  const go = (cwd: string, ...args: string[]): unknown =>
    execFileSync('go', args, { cwd, stdio: 'inherit', env: { ...process.env, GOBIN: place } });
  try {
    const small = '-ldflags=-s -w';
    go(join(__dirname, '..', 'openid-provider'), 'build', small, '-o', join(place, 'openid-provider'), '.');
    go(place, 'install', small, `github.com/oauth2-proxy/oauth2-proxy/v7@v${version}`);
    renameSync(place, folder);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return programs;
}
