import { Transient, codeOf } from '@coldroom/domain';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { syncDirectoryHandle } from './sync-directory';

/** The file that distinguishes a mounted root from the empty mount point of an unmounted one. */
export const markerName = '.coldroom-root';
const markerLimit = 4096;

interface Marker {
  readonly coldroom: 'root';
  readonly name: string;
  readonly id: string;
}

export interface Root {
  readonly name: string;
  /** Absolute, as configured: what a link would name. */
  readonly directory: string;
  /** The same path with all links resolved. */
  readonly realPath: string;
  /** From the marker; distinguishes two disks of the same name. */
  readonly id: string;
  /** Reads the marker again; `Transient` `ROOT_UNAVAILABLE` if it is missing or another one. */
  check(): Promise<void>;
}

/**
 * Opens a directory that contains our marker with this name. `Transient` `ROOT_UNAVAILABLE` where it does not: an
 * unmounted disk is an error, not an empty directory.
 */
export async function openRoot(directory: string, name: string): Promise<Root> {
  if (!isAbsolute(directory)) throw new TypeError(`the root ${name} needs an absolute directory, not "${directory}"`);
  const plain = normalize(directory).replace(/(?<=.)\/+$/, '');
  const first = await fetchMarker(plain, name);
  return {
    name,
    directory: plain,
    realPath: await realpath(plain),
    id: first.id,
    check: async () => {
      const now = await fetchMarker(plain, name);
      if (now.id !== first.id)
        throw unavailable(plain, `it is another disk than before: its marker has the id ${now.id}, not ${first.id}`);
    },
  };
}

/**
 * Marks a directory as a root. Repeating it with the same name changes nothing; another marker is never overwritten.
 */
export async function writeMarker(directory: string, name: string): Promise<void> {
  const marker: Marker = { coldroom: 'root', name, id: randomUUID() };
  let file;
  try {
    file = await open(`${directory}/${markerName}`, 'wx', 0o444);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await fetchMarker(directory, name);
    return;
  }
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(directory);
}

async function syncDirectory(directory: string): Promise<void> {
  const opened = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await syncDirectoryHandle(opened);
  } finally {
    await opened.close();
  }
}

/** `Transient` `ROOT_UNAVAILABLE` if there is no marker of ours. */
export async function markerNameOf(directory: string): Promise<string> {
  return (await fetchMarker(directory)).name;
}

/**
 * Gives a marker another name; it keeps its id. Nothing changes if it has that name already. `Transient`
 * `ROOT_UNAVAILABLE` if it has neither.
 */
export async function renameMarker(directory: string, from: string, to: string): Promise<void> {
  const found = await fetchMarker(directory);
  if (found.name === to) return;
  if (found.name !== from) throw unavailable(directory, `its marker says "${found.name}", not "${from}"`);
  const path = `${directory}/${markerName}.new`;
  await rm(path, { force: true }); // left by a process that was killed
  const file = await open(path, 'wx', 0o444);
  try {
    await file.writeFile(`${JSON.stringify({ ...found, name: to })}\n`);
    const { uid, gid, mode } = await stat(`${directory}/${markerName}`);
    await file.chown(uid, gid);
    await file.chmod(mode & 0o7777);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path, `${directory}/${markerName}`);
  await syncDirectory(directory);
}

function unavailable(directory: string, reason: string, cause?: unknown): Transient {
  const next = ['EACCES', 'EPERM'].includes(codeOf(cause))
    ? "Give this service's user the right to read it"
    : 'Mount it, or mark it if it is new';
  return new Transient(
    'ROOT_UNAVAILABLE',
    `The root ${directory} is not there: ${reason}. ${next}.`,
    { root: directory },
    { cause },
  );
}

const markerFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** For worker threads: the marker in an open root; `shown` is the root as users know it. */
export function readMarker(fd: number, shown: string): Marker {
  let content: Buffer;
  try {
    content = readSmallFile(`/proc/self/fd/${fd}/${markerName}`);
  } catch (error) {
    throw unreadable(shown, error);
  }
  return markerFrom(content, shown);
}

function readSmallFile(path: string): Buffer {
  const fd = openSync(path, markerFlags);
  try {
    if (!fstatSync(fd).isFile()) throw Object.assign(new Error('not a regular file'), { code: 'NOT_A_REGULAR_FILE' });
    const content = Buffer.alloc(markerLimit);
    return content.subarray(0, readSync(fd, content, 0, markerLimit, 0));
  } finally {
    closeSync(fd);
  }
}

/** The same off the event loop, which a hanging mount must not block. */
async function fetchMarker(directory: string, name?: string): Promise<Marker> {
  try {
    const file = await open(`${directory}/${markerName}`, markerFlags);
    try {
      if (!(await file.stat()).isFile())
        throw Object.assign(new Error('not a regular file'), { code: 'NOT_A_REGULAR_FILE' });
      const { buffer, bytesRead } = await file.read(Buffer.alloc(markerLimit), 0, markerLimit, 0);
      return markerFrom(buffer.subarray(0, bytesRead), directory, name);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof Transient ? error : unreadable(directory, error);
  }
}

function unreadable(root: string, error: unknown): Transient {
  return unavailable(root, `its marker ${markerName} cannot be read (${codeOf(error)})`, error);
}

function markerFrom(content: Buffer, shown: string, name?: string): Marker {
  const marker = parseMarker(content.toString('utf8'));
  if (!marker) throw unavailable(shown, `its marker ${markerName} is not one of ours`);
  if (name !== undefined && marker.name !== name)
    throw unavailable(shown, `its marker says "${marker.name}", not "${name}"`);
  return marker;
}

function parseMarker(text: string): Marker | null {
  try {
    const { coldroom, name, id } = JSON.parse(text) as Record<string, unknown>;
    return coldroom === 'root' && typeof name === 'string' && typeof id === 'string' ? { coldroom, name, id } : null;
  } catch {
    return null; // not JSON: not ours, which the caller reports
  }
}
