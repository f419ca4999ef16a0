import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Look, Looked } from './reading';

const run = promisify(execFile);

/** Asks a real Bio-Formats, once for all files. */
export const lookWithBioFormats =
  ({ java, classPath }: { readonly java: string; readonly classPath: string }): Look =>
  async (paths) => {
    if (paths.length === 0) return new Map();
    const { stdout } = await run(
      java,
      ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'LookAtFiles', ...paths],
      { maxBuffer: 1 << 28 },
    );
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
