import { splitPath } from './path';

/** What a bag keeps: a directory by the names in it (as latin1, which preserves bytes), or a file. */
export type Kept = Map<string, Kept | 'file'>;

export function keptOf(paths: readonly Buffer[]): Kept {
  const top: Kept = new Map();
  for (const path of paths) {
    const names = splitPath(path).map((component) => component.toString('latin1'));
    const last = names.pop()!;
    let directory = top;
    for (const name of names) {
      const below = directory.get(name) ?? new Map();
      if (below === 'file') throw new TypeError(`the path ${path.toString()} goes through a file of the same bag`);
      directory.set(name, below);
      directory = below;
    }
    directory.set(last, 'file');
  }
  return top;
}
