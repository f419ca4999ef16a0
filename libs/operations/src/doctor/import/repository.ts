import { constants } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BufferSettings } from '@coldroom/buffers';
import { identify, markerName } from '@coldroom/files';
import { fault, ok, warning, type Finding } from '../findings';
import { existing } from '../linking';
import { denied, sampleFiles } from '../sample-files';

const about = 'ManagedRepository';
const inPlace = ['ln', 'ln_s', 'cp'] as const;

/**
 * OMERO's managed repository: read for the proof; for imports in place OMERO's importer also writes there, as this user.
 * Two users share it then, by a group: OMERO's documentation of in-place import asks for that group on all directories, for
 * the right of the group to write, for setgid, and for a umask that leaves both.
 */
export async function examineRepository(
  dataDir: string,
  buffers: readonly BufferSettings[],
): Promise<readonly Finding[]> {
  const repository = join(dataDir, about);
  if ((await existing(repository)) === undefined)
    return [fault(about, `${repository} is not there`, 'mount it, or correct OMERO_DATA_DIR')];
  if ((await identify(join(repository, markerName))) === null)
    return [fault(about, `has no marker ${markerName}`, 'coldroom doctor --prepare')];
  const modes = inPlace.filter((mode) => buffers.some(({ transfers }) => transfers.includes(mode)));
  const directories = new Set([repository]);
  for await (const { path, missing } of sampleFiles(repository)) {
    if (missing)
      return [
        fault(
          about,
          `${path} cannot be read (${missing})`,
          `find '${repository}' -type d -exec setfacl -m g:${ourGroup()}:rx {} +; for a file, see who may read it: ls -l`,
        ),
      ];
    for (let at = dirname(path); at.startsWith(`${repository}/`); at = dirname(at)) directories.add(at);
  }
  if (modes.length === 0) return [ok(about, 'can be read; data is uploaded, so nothing is written there')];
  const faults = await faultsOfGroup(repository, directories);
  if (faults.length > 0) return faults;
  return [ok(about, `${modes.join(', ')}: all of ${directories.size} directories that were tried can be written`)];
}

async function faultsOfGroup(repository: string, directories: ReadonlySet<string>): Promise<readonly Finding[]> {
  const us = process.geteuid?.() ?? 0;
  const owner = await stat(repository);
  // The server's own user: what either makes, both may change.
  const isServer = owner.uid === us;
  const found = new Map<string, Finding>();
  for (const directory of directories) {
    const { uid, gid, mode } = await stat(directory);
    const closed = await denied(directory, constants.W_OK | constants.X_OK);
    if (closed) found.set('write', notWritable(repository, directory, { gid, mode, closed }));
    if (isServer && uid === us) continue;
    if ((mode & 0o2000) === 0)
      found.set(
        'setgid',
        fault(
          about,
          `new directories in ${directory} do not get its group: it lacks setgid`,
          forAll(repository, 'g+s'),
        ),
      );
    if ((mode & 0o020) === 0)
      found.set('group', fault(about, `the group may not write in ${directory}`, forAll(repository, 'g+w')));
  }
  if (!isServer) {
    if (!groups().includes(owner.gid)) found.set('member', notMember(owner.gid));
    const mask = await umask();
    if ((mask & 0o020) !== 0)
      found.set(
        'umask',
        fault(
          about,
          `the umask of this user is ${mask.toString(8).padStart(4, '0')}, so OMERO.server could not change what is imported`,
          'set 0002 for the importer (systemd: UMask=0002) and for OMERO.server',
        ),
      );
  } else if (owner.uid === 0)
    found.set('root', warning(about, 'belongs to root', 'let OMERO run as a user of its own'));
  return [...found.values()];
}

function notWritable(
  repository: string,
  directory: string,
  { gid, mode, closed }: { readonly gid: number; readonly mode: number; readonly closed: string },
): Finding {
  const found = `nothing can be written in ${directory} (${closed})`;
  if (closed === 'EROFS')
    return fault(
      about,
      found,
      'mount it writable for the importer (with Compose: COLDROOM_IMPORT_ACCESS=rw), or use upload',
    );
  if (!groups().includes(gid)) return notMember(gid, found);
  if ((mode & 0o020) === 0) return fault(about, found, forAll(repository, 'g+rwxs'));
  return fault(about, found, `look at its ACL: getfacl '${directory}'`);
}

const notMember = (
  gid: number,
  found = `this user is no member of group ${gid}, to which the repository belongs`,
): Finding =>
  fault(
    about,
    found,
    `make the importer's user a member of group ${gid}: usermod -aG "$(getent group ${gid} | cut -d: -f1)" USER (with Compose: COLDROOM_FILES_GROUP=${gid})`,
  );

/** Of directories only: a change of a file's mode changes its ctime, by which a changed original is recognised. */
const forAll = (repository: string, change: string): string =>
  `find '${repository}' -type d -exec chmod ${change} {} +`;

const groups = (): readonly number[] => [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])];
const ourGroup = (): number => process.getegid?.() ?? 0;

/** process.umask() would have to set it in order to read it. */
async function umask(): Promise<number> {
  const status = await readFile('/proc/self/status', 'latin1');
  return Number.parseInt(/^Umask:\s*(\d+)/m.exec(status)?.[1] ?? '022', 8);
}
