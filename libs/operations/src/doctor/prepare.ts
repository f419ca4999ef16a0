import { lchown, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { defaultHold } from '@coldroom/trees';
import { dirname, join } from 'node:path';
import { bufferMarker, importRootMarker, type BufferSettings } from '@coldroom/buffers';
import { codeOf, Refused, rootNames } from '@coldroom/domain';
import { identify, markerName, typeOf, writeMarker } from '@coldroom/files';
import { markedDirectories, readStores } from '@coldroom/stores';
import { formatBytes } from '@coldroom/terminal';
import { ownerOf, type Owner } from './owner';

/** Something that is missing and that Coldroom may create. */
export interface Preparation {
  readonly kind: 'directory' | 'marker';
  /** The path of the directory, or of the directory to be marked. */
  readonly path: string;
  readonly markerName?: string;
  /** Its owner, if root creates it. */
  readonly owner: Owner;
  /** What a person should know before they agree. */
  readonly note?: string;
}

/**
 * The markers and hold directories that are missing. Never marks an empty managed repository or archive of the older
 * tool: that is the mount point of a disk that is not mounted, and only the marker distinguishes the two. Pixels, Files
 * and other stores may be empty.
 */
export async function planPreparations(
  dataDir: string,
  holds: readonly string[],
  storesPath: string | undefined,
): Promise<readonly Preparation[]> {
  const plan: Preparation[] = [];
  if (!(await isDirectory(dataDir))) return plan;
  const owner = await ownerOf(dataDir);
  for (const name of rootNames) {
    const directory = join(dataDir, name);
    if (!(await isDirectory(directory))) continue;
    const empty = (await readdir(directory)).length === 0;
    if (empty && name === 'ManagedRepository') continue;
    plan.push(
      ...(await missingMarker(
        directory,
        name,
        await stat(directory),
        empty ? 'it is empty: is its disk mounted, if it has one?' : undefined,
      )),
    );
  }
  for (const hold of holds) plan.push(...(await missingHold(hold, dataDir, owner)));
  if (storesPath !== undefined) {
    const marked = Object.entries((await readStores(storesPath)).stores).flatMap(([name, settings]) =>
      markedDirectories(name, settings).map((each) => ({ ...each, isFull: settings.kind === 'older' })),
    );
    for (const { path, marker, isFull } of marked) {
      if ((await isDirectory(path)) && !(isFull && (await readdir(path)).length === 0))
        plan.push(...(await missingMarker(path, marker, await stat(path), await spaceIn(path))));
    }
  }
  return plan;
}

/** The markers of buffers and import roots that are missing. */
export async function planBufferMarkers(buffers: readonly BufferSettings[]): Promise<readonly Preparation[]> {
  const plan: Preparation[] = [];
  for (const { name, directory, sync } of buffers)
    for (const [path, marker] of [
      [directory, bufferMarker(name)],
      [sync, importRootMarker(name)],
    ] as const)
      if (path !== undefined && (await isDirectory(path)))
        plan.push(...(await missingMarker(path, marker, await stat(path), await spaceIn(path))));
  return plan;
}

/** Creates it; never touches what already exists. */
export async function prepare({ kind, path, markerName: name, owner: { uid, gid } }: Preparation): Promise<void> {
  if (kind === 'directory') await mkdir(path, { mode: 0o700 });
  else await writeMarker(path, name as string);
  if (process.geteuid?.() === 0) await lchown(kind === 'directory' ? path : join(path, markerName), uid, gid);
}

async function missingHold(hold: string, dataDir: string, owner: Owner): Promise<readonly Preparation[]> {
  const parent = dirname(hold);
  const missing: Preparation[] = [];
  if (parent === dirname(defaultHold(dataDir)) && !(await isDirectory(parent)))
    missing.push({ kind: 'directory', path: parent, owner });
  if (await isDirectory(hold)) return missingMarker(hold, 'hold', owner);
  return [
    ...missing,
    { kind: 'directory', path: hold, owner },
    { kind: 'marker', path: hold, markerName: 'hold', owner },
  ];
}

async function missingMarker(
  directory: string,
  name: string,
  { uid, gid }: Owner,
  note?: string,
): Promise<readonly Preparation[]> {
  if ((await identify(join(directory, markerName))) !== null) return [];
  return [{ kind: 'marker', path: directory, markerName: name, owner: { uid, gid }, ...(note ? { note } : {}) }];
}

async function spaceIn(directory: string): Promise<string> {
  const { bavail, bsize } = await statfs(directory);
  const onSystemDisk = (await stat(directory)).dev === (await stat('/')).dev;
  return `${formatBytes(bavail * bsize)} free${onSystemDisk ? '; it is on the file system of /: is its disk mounted?' : ''}`;
}

/** True for a directory or a link to one; false if nothing is there. Anything else in its place is refused. */
async function isDirectory(path: string): Promise<boolean> {
  const found = await identify(path);
  if (found === null) return false;
  if (typeOf(found.mode) === 'directory') return true;
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  throw new Refused('NOT_A_DIRECTORY', `${path} is not a directory; move it away, or correct the settings`);
}
