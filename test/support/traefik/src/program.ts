import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPrograms, keptPrograms } from '@coldroom/local';

const version = '3.6.12';
const name = `traefik-${version}`;

/** Traefik's program, if `buildTraefik` was ever called on this machine. */
export function builtTraefik(): string | undefined {
  const folder = keptPrograms(name);
  return folder === undefined ? undefined : join(folder, 'traefik');
}

/** Compiles Traefik with Go, for minutes, and keeps it in the user's cache directory. */
export function buildTraefik(): string {
  return join(keepPrograms(name, compile), 'traefik');
}

/** In the directory of its module: `go install` refuses modules with replacements. */
function compile(place: string): void {
  const modules = mkdtempSync(join(tmpdir(), 'coldroom-traefik-'));
  const go = (cwd: string, ...args: string[]): string =>
    execFileSync('go', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const download = (cwd: string, module: string): string =>
    (JSON.parse(go(cwd, 'mod', 'download', '-json', module)) as { readonly Dir: string }).Dir;
  try {
    const source = download(modules, `github.com/traefik/traefik/v3@v${version}`);
    const lego = join(modules, 'lego');
    // What Go downloads is read-only.
    execFileSync('cp', ['-r', '--no-preserve=mode', download(source, 'github.com/go-acme/lego/v4'), lego]);
    const providers = join(lego, 'providers', 'dns', 'zz_gen_dns_providers.go');
    copyFileSync(join(__dirname, '..', 'lego', 'dns_providers.go'), providers);
    for (const file of ['go.mod', 'go.sum']) writeFileSync(join(modules, file), readFileSync(join(source, file)));
    const modfile = join(modules, 'go.mod');
    go(source, 'mod', 'edit', `-replace=github.com/go-acme/lego/v4=${lego}`, modfile);
    go(source, 'build', `-modfile=${modfile}`, '-ldflags=-s -w', '-o', join(place, 'traefik'), './cmd/traefik');
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}
