import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(homedir(), '.cache', 'coldroom-tests');

/** A directory of programs that `keepPrograms` once made on this machine. */
export function keptPrograms(name: string): string | undefined {
  const folder = join(cache, name);
  return existsSync(folder) ? folder : undefined;
}

/**
 * Makes a directory of programs in the user's cache directory, once for each name, which contains the version. What
 * fails leaves nothing.
 */
export function keepPrograms(name: string, make: (place: string) => void): string {
  const kept = keptPrograms(name);
  if (kept !== undefined) return kept;
  mkdirSync(cache, { recursive: true });
  const place = mkdtempSync(join(cache, 'building-'));
  try {
    make(place);
    renameSync(place, join(cache, name));
  } catch (error) {
    if (keptPrograms(name) === undefined) throw error; // otherwise another process was faster: just as good
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return join(cache, name);
}
