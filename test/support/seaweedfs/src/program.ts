import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPrograms, keptPrograms } from '@coldroom/local';

const version = 'v0.0.0-20261109003541-7506e5f91cd6';
const name = `seaweedfs-${version}`;

/** SeaweedFS's program, if `buildSeaweedfs` was ever called on this machine. */
export function builtSeaweedfs(): string | undefined {
  const folder = keptPrograms(name);
  return folder === undefined ? undefined : join(folder, 'weed');
}

/** Compiles SeaweedFS with Go, for minutes, and keeps it in the user's cache directory. */
export function buildSeaweedfs(): string {
  return join(keepPrograms(name, compile), 'weed');
}

/** In the directory of its module: `go install` refuses modules with replacements. */
function compile(place: string): void {
  const modules = mkdtempSync(join(tmpdir(), 'coldroom-seaweedfs-'));
  const go = (cwd: string, ...args: string[]): string =>
    execFileSync('go', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const found = go(modules, 'mod', 'download', '-json', `github.com/seaweedfs/seaweedfs@${version}`);
    const { Dir: source } = JSON.parse(found) as { readonly Dir: string };
    // What Go downloads is read-only, and the build may add to these.
    for (const file of ['go.mod', 'go.sum']) copyFileSync(join(source, file), join(modules, file));
    execFileSync('chmod', ['u+w', join(modules, 'go.mod'), join(modules, 'go.sum')]);
    const modfile = `-modfile=${join(modules, 'go.mod')}`;
    // Without optimizations it compiles in about half the time.
    go(source, 'build', modfile, '-gcflags=all=-N -l', '-ldflags=-s -w', '-o', join(place, 'weed'), './weed');
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}
