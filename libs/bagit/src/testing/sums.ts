import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files by which `sha256sum -c` proves a bag: the payload's, which is the manifest where no name needs another form,
 * and the tag files'.
 */
export function sumsOf(bag: string): readonly [string, string] {
  // Earlier bags of S3 stores have the second.
  const lists = ['sha256sum.txt', 'manifest-sha256-as-stored.txt', 'manifest-sha256.txt'];
  return [lists.find((name) => existsSync(join(bag, name))) ?? 'manifest-sha256.txt', 'tagmanifest-sha256.txt'];
}

/** Throws, with what `sha256sum` says, unless it finds every file of the bag as listed. */
export function proveBySums(bag: string): void {
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', ...sumsOf(bag)], { cwd: bag, stdio: 'pipe' });
}
