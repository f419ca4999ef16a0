import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's PostgreSQL, which has pg_dump and pg_restore beside the server; or why there is none that can be used. */
export type DebianPostgres =
  { readonly native: string; readonly version: string; readonly missing?: undefined } | { readonly missing: string };

/** The newest that is installed: `native` is for `startPostgres`, and its pg_dump is the one on PATH. */
export function debianPostgres(): DebianPostgres {
  const newest = globSync('/usr/lib/postgresql/*/bin/pg_dump')
    .map((path) => join(path, '..', '..'))
    .filter((native) => existsSync(join(native, 'bin', 'initdb')))
    .sort((one, other) => Number(other.split('/').at(-1)) - Number(one.split('/').at(-1)))[0];
  if (newest === undefined) return { missing: 'Debian packages postgresql and postgresql-client are not installed' };
  const { stdout, status } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
  const version = newest.split('/').at(-1) ?? '';
  return status === 0 && stdout.includes(` ${version}.`)
    ? { native: newest, version }
    : { missing: `pg_dump on PATH is not of version ${version}: ${stdout.trim() || 'none'}` };
}

/** Reports on standard error what is skipped and why, if a program is not installed; returns which to use. */
export function skippedWithout(what: string, programs: readonly string[]): boolean {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).status !== 0);
  if (missing.length > 0) process.stderr.write(`SKIPPED: ${what}: ${missing.join(', ')} not installed\n`);
  return missing.length > 0;
}
