import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Look, Looked } from './reading';

const run = promisify(execFile);
const program = join(__dirname, '..', '..', 'java', 'LookAtFiles.java');

/** Asks a real Bio-Formats, once for all files. */
export const lookWithBioFormats =
  ({ java, jar }: { readonly java: string; readonly jar: string }): Look =>
  async (paths) => {
    if (paths.length === 0) return new Map();
    const { stdout } = await run(java, ['-Xmx512m', '-cp', jar, program, ...paths], { maxBuffer: 1 << 28 });
    return new Map(
      stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => {
          const { path, ...looked } = JSON.parse(line) as { path: string; unknown?: boolean };
          return [path, looked.unknown ? 'unknown-format' : (looked as Looked)];
        }),
    );
  };
