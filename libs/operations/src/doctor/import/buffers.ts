import { constants } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bufferMarker, importRootMarker, type BufferSettings } from '@coldroom/buffers';
import { codeOf } from '@coldroom/domain';
import { markerName, mountAt, openRoot } from '@coldroom/files';
import { realpath } from 'node:fs/promises';
import { fault, ok, warning, type Finding } from '../findings';
import { existing } from '../linking';
import { protectedHardlinks } from '../ownership';
import { denied, sampleFiles } from '../sample-files';
import { tryLinks } from '../try-links';

const prepare = 'coldroom doctor --prepare';
const enter = constants.R_OK | constants.X_OK;

/** One buffer: mounted and marked, closed to people where ours is, and with files that can be read and locked. */
export async function examineBuffer(buffer: BufferSettings, dataDir: string): Promise<readonly Finding[]> {
  const { name, directory, sync } = buffer;
  const about = `buffer ${name}`;
  if ((await existing(directory)) === undefined)
    return [fault(about, `${directory} is not there`, 'mount it, or correct the imports file')];
  const closed = await denied(directory, enter);
  if (closed) return [fault(about, `${directory} cannot be read (${closed})`, aclFor(directory))];
  const unmarked = await isMarked(directory, bufferMarker(name));
  if (unmarked !== undefined) return [fault(about, unmarked, prepare)];
  return [
    await examineOpenness(about, directory),
    ...(await examineLocks(about, buffer)),
    ...(await examineSources(about, buffer)),
    ...(sync === undefined ? [] : [await examineImportRoot(about, name, sync)]),
    ...(await examineModes(about, buffer, dataDir)),
  ];
}

async function isMarked(directory: string, marker: string): Promise<string | undefined> {
  try {
    await openRoot(directory, marker);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whoever may rename the directory for locks could put another one in its place. */
async function examineOpenness(about: string, directory: string): Promise<Finding> {
  const { mode } = await stat(directory);
  const isOpen = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
  return isOpen
    ? fault(about, `others may rename what is in ${directory} (mode ${octal(mode)})`, `chmod go-w ${directory}`)
    : ok(about, `${directory} is mounted and marked`);
}

async function examineLocks(about: string, { directory, locks, lock }: BufferSettings): Promise<readonly Finding[]> {
  if (lock === 'none') return [warning(about, 'sources are not locked while they are imported', 'set lock: links')];
  const us = process.geteuid?.() ?? 0;
  const make = `install -d -o ${us} -m 0750 ${locks}`;
  const found = await lstat(locks).catch((error: unknown) => codeOf(error));
  if (typeof found === 'string') {
    if (found === 'ENOENT' && (await denied(dirname(locks), constants.W_OK | constants.X_OK)) === undefined) return [];
    return [fault(about, `${locks} is not there, and cannot be made (${found})`, make)];
  }
  if (!found.isDirectory()) return [fault(about, `${locks} is not a directory`, 'move it away')];
  if (found.uid !== us || (found.mode & 0o022) !== 0)
    return [
      fault(
        about,
        `${locks} belongs to uid ${found.uid} with mode ${octal(found.mode)}, and must be of uid ${us} alone`,
        `chown ${us} ${locks} && chmod 0750 ${locks}`,
      ),
    ];
  try {
    await tryLinks(locks, join(directory, markerName));
    return [ok(about, `sources can be locked by hard links in ${locks}`)];
  } catch (error) {
    return [lockFault(about, locks, codeOf(error), lock)];
  }
}

function lockFault(about: string, locks: string, code: string, lock: BufferSettings['lock']): Finding {
  if (code === 'EPERM' && lock === 'moved') return ok(about, `sources are moved to ${locks}`);
  const text =
    code === 'EXDEV'
      ? `${locks} is on another file system or mount than the buffer, and a hard link cannot leave one`
      : `hard links cannot be made in ${locks} (${code}; protected_hardlinks is ${protectedHardlinks()})`;
  return fault(
    about,
    text,
    code === 'EXDEV'
      ? 'leave locks out of the imports file, or name a directory of the same mount'
      : 'give the marker and the sources to the importer, or set lock: moved',
  );
}

/** One file of each person: whoever neither owns a file nor may read and write it makes no hard link of it. */
async function examineSources(about: string, buffer: BufferSettings): Promise<readonly Finding[]> {
  const us = process.geteuid?.() ?? 0;
  for await (const { path, missing } of sampleFiles(buffer.directory)) {
    if (missing) return [fault(about, `${path} cannot be read (${missing})`, aclFor(buffer.directory))];
    const directory = dirname(path);
    const unwritable = await denied(directory, constants.W_OK);
    if (unwritable && (buffer.removeAfterMs !== null || buffer.lock === 'moved'))
      return [fault(about, `nothing can be removed from ${directory} (${unwritable})`, aclFor(buffer.directory))];
    if (us === 0 || buffer.lock !== 'links' || protectedHardlinks() === '0') continue;
    if ((await lstat(path)).uid === us || !(await denied(path, constants.R_OK | constants.W_OK))) continue;
    const found = `the system refuses hard links to ${path}: it is not the importer's, who may not write to it (protected_hardlinks is ${protectedHardlinks()})`;
    return [
      buffer.fallback === 'refuse'
        ? fault(about, found, `${aclFor(buffer.directory)}; or set fallback: moved`)
        : warning(about, `${found}; fallback is ${buffer.fallback}`, aclFor(buffer.directory)),
    ];
  }
  return [];
}

async function examineImportRoot(about: string, name: string, sync: string): Promise<Finding> {
  if ((await existing(sync)) === undefined)
    return fault(about, `its import root ${sync} is not there`, 'mount it, or correct the imports file');
  const unmarked = await isMarked(sync, importRootMarker(name));
  if (unmarked !== undefined) return fault(about, unmarked, prepare);
  const closed = await denied(sync, enter | constants.W_OK);
  return closed
    ? fault(about, `no copies can be made in ${sync} (${closed})`, `let the importer write in ${sync}`)
    : ok(about, `copies are imported from ${sync}`);
}

/** What OMERO's importer does with files of this buffer. */
async function examineModes(about: string, buffer: BufferSettings, dataDir: string): Promise<readonly Finding[]> {
  if (!buffer.transfers.includes('ln')) return [];
  const repository = join(dataDir, 'ManagedRepository');
  if ((await existing(repository)) === undefined) return [];
  // Sources are imported by our names among the locks.
  const from = buffer.sync ?? (buffer.lock === 'none' ? buffer.directory : dirname(buffer.locks));
  const [source, target] = await Promise.all([from, repository].map(async (path) => mountAt(await realpath(path))));
  if (source!.on === target!.on) return [ok(about, 'ln: buffer and repository are in one mount')];
  return [
    fault(
      about,
      `ln: the buffer is in the mount ${source!.on} and the repository in ${target!.on}, and a hard link cannot leave one`,
      'take ln out of transfers and use cp, or mount their common parent as one',
    ),
  ];
}

const octal = (mode: number): string => (mode & 0o7777).toString(8);

/** Also for files to come. */
const aclFor = (directory: string): string => {
  const us = process.geteuid?.() ?? 'USER';
  return `setfacl -R -m u:${us}:rwX -m d:u:${us}:rwX '${directory}'`;
};
