import { type Ability, type AbilityFound } from '@coldroom/domain';
import { closeSync, statfsSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { identify } from '../fresh';
import { setTimes, writeAttribute } from '../native';
import { openAround } from '../read';
import { no, tried, unknown, yes } from './answer';
import { inside } from './scratch-directory';

type Found = Pick<
  Record<Ability, AbilityFound>,
  'permissions' | 'direct reads' | 'sync of files' | 'sync of directories' | 'extended attributes' | 'owners'
>;

const writeBits = 0o222;

export async function probeContents(
  scratch: Buffer,
): Promise<{ readonly found: Found; readonly newFiles: { readonly uid: number; readonly gid: number } }> {
  const file = inside(scratch, 'content');
  await writeFile(file, Buffer.alloc(8192, 7), { flag: 'wx', mode: 0o644 });
  const { uid, gid } = await stat(file);
  const found = {
    'sync of files': await tried('fsync', () => synced(file)),
    'sync of directories': await tried('fsync of a directory', () => synced(scratch)),
    'direct reads': await directReads(file),
    'extended attributes': await attributes(file),
    owners: await owners(file, uid),
    permissions: await permissions(scratch),
  };
  return { found, newFiles: { uid, gid } };
}

async function synced(path: Buffer): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function directReads(file: Buffer): Promise<AbilityFound> {
  const { dev } = await lstat(file);
  const { fd, read } = openAround(file, 'direct', dev);
  closeSync(fd);
  switch (read) {
    case 'direct':
      return yes('open O_DIRECT');
    case 'dropped':
      return yes('posix_fadvise: the page cache drops a file that is to be read');
    default:
      return no(`reads come from the memory of this machine (file system 0x${statfsSync(file).type.toString(16)})`);
  }
}

function attributes(path: Buffer): Promise<AbilityFound> {
  return tried('setxattr', async () => {
    const file = await open(path, 'r+');
    try {
      writeAttribute(file.fd, Buffer.from('user.coldroom'), Buffer.from('here'));
    } finally {
      await file.close();
    }
  });
}

/** Without root, a file that belongs to another user although we made it shows that the mount gives all files to one. */
async function owners(file: Buffer, madeFor: number): Promise<AbilityFound> {
  const [user, group] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  if (user !== 0 && user === madeFor) return unknown('only root can give a file to another owner');
  const [uid, gid] = user === 0 ? [65_533, 65_533] : [user, group];
  return tried('chown', async () => {
    await chown(file, uid, gid);
    const found = await identify(file);
    if (found?.uid !== uid || found.gid !== gid) return no(ownersIgnored);
  });
}

/** How `owners` reads where the system reports no error: copies are then kept under the owner that the mount gives. */
export const ownersIgnored = 'chown: reported success and changed nothing';

/** Whether the write permission of a file and of its directory can be taken away. */
async function permissions(scratch: Buffer): Promise<AbilityFound> {
  const directory = inside(scratch, 'protected');
  const file = inside(directory, 'file');
  await mkdir(directory, 0o755);
  await writeFile(file, 'coldroom was here\n', { flag: 'wx', mode: 0o644 });
  const found = await tried('chmod', async () => {
    await chmod(file, 0o444);
    await chmod(directory, 0o555);
    const modes = [await identify(file), await identify(directory)].map((each) => each?.mode ?? writeBits);
    if (modes.some((mode) => (mode & writeBits) !== 0)) return no(ignored);
  });
  for (const each of [directory, file]) await chmod(each, 0o755).catch(() => undefined); // so that it can be removed
  return found;
}

/** How `permissions` reads where the system reports no error. */
export const ignored = 'chmod: reported success and changed nothing';

/** Those to which a copy's time may be cut, see attributes.ts. */
const units = [1, 100, 1000, 1_000_000, 1_000_000_000, 2_000_000_000];
const exact = 1_234_567_891_987_654_321n;

/** Sets a time that no coarser unit can hold, and finds the unit from what was kept. */
export async function probeTimes(
  scratch: Buffer,
): Promise<{ readonly found: AbilityFound; readonly unitNs: number | null }> {
  const path = inside(scratch, 'times');
  await writeFile(path, '', { flag: 'wx' });
  const call = 'futimens';
  let unitNs: number | null = null;
  const found = await tried(call, async () => {
    const file = await open(path, 'r+');
    try {
      setTimes(file.fd, exact, exact);
    } finally {
      await file.close();
    }
    const kept = (await identify(path))?.mtimeNs ?? 0n;
    unitNs = units.find((unit) => isRounded(kept, BigInt(unit))) ?? null;
    return unitNs === null ? no(`${call}: reported success and kept another time`) : yes(call);
  });
  return { found, unitNs };
}

function isRounded(kept: bigint, unit: bigint): boolean {
  return kept === (exact / unit) * unit;
}
