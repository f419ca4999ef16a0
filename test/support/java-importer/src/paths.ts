import { readFileSync } from 'node:fs';

/** `-` alone stands for paths on standard input, one in a line. */
export function readPaths(paths: readonly string[]): readonly string[] {
  if (paths.length !== 1 || paths[0] !== '-') return paths;
  return readFileSync(0, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
