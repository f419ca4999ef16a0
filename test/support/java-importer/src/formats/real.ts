import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bioFormatsJar, keepPrograms } from '@coldroom/local';
import type { Settings } from '../settings';

const VERSION = '7.3.1';
const program = join(__dirname, '..', '..', 'java', 'LookAtFiles.java');

/**
 * A real Java and a real Bio-Formats. Undefined if they cannot be had: the reason is written to standard error, as tests
 * are then skipped.
 */
export function realBioFormats(): Settings['bioFormats'] {
  try {
    const jar = bioFormatsJar(VERSION);
    const java = execFileSync('sh', ['-c', 'command -v java'], { encoding: 'utf8' }).trim();
    const digest = createHash('sha256').update(VERSION).update(readFileSync(program)).digest('hex').slice(0, 12);
    const classes = keepPrograms(`look-at-files-${digest}`, (place) => {
      execFileSync('javac', ['-cp', jar, '-d', place, program], { stdio: 'pipe' });
    });
    return { java, classPath: `${jar}:${classes}` };
  } catch (error) {
    process.stderr.write(
      `SKIPPED: imports with a real Bio-Formats, as it cannot be had here: ${(error as Error).message}\n`,
    );
    return undefined;
  }
}
