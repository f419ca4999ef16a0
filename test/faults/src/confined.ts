import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames, type ServiceName } from './services';

export const places = ['originals', 'hold', 'store', 'recall'] as const;
export type Place = (typeof places)[number];
export type Right = 'none' | 'read' | 'write';
export type Rights = Readonly<Record<Place, Right>>;
/** The directories of a world; one that it lacks is left out. */
export type Directories = Readonly<Partial<Record<Place, string>>>;

/** The rights that the guide lists: an administrator grants no others. */
export function rightsOfGuide(): Readonly<Record<ServiceName, Rights>> {
  const guide = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'install.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| `([a-z-]+)` \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$/gm)];
  const rights = Object.fromEntries(
    rows.map(([, service, ...cells]) => [service, Object.fromEntries(places.map((place, at) => [place, cells[at]]))]),
  );
  for (const name of serviceNames) if (!rights[name]) throw new Error(`the guide lists no rights of ${name}`);
  return rights as Record<ServiceName, Rights>;
}

/**
 * Words before a command that restrict its view of each directory: `read` is a read-only mount, `none` an empty
 * directory that cannot be opened. The mounts are private. It runs without any capability: root is then an ordinary
 * user who owns the files. An inner directory is mounted after the outer one.
 */
export function confinedTo(rights: Rights, directories: Directories): readonly string[] {
  const mounts: string[] = [];
  let outer: Right = 'write';
  for (const place of places) {
    const directory = directories[place];
    if (directory === undefined) continue;
    const around = place === 'hold' ? outer : 'write'; // the hold directory is inside OMERO's
    if (place === 'originals') outer = rights.originals;
    if (rights[place] !== around && around !== 'none') mounts.push(mountOf(rights[place], directory));
  }
  const script = ['set -e', ...mounts, 'exec setpriv --bounding-set=-all --inh-caps=-all "$@"'].join('\n');
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
}

function mountOf(right: Right, directory: string): string {
  if (right === 'none') return `mount -t tmpfs -o ro,mode=000 none '${directory}'`;
  return `mount --bind '${directory}' '${directory}'; mount -o remount,bind,${right === 'read' ? 'ro' : 'rw'} '${directory}'`;
}
