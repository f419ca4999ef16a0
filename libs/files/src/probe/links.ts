import { type Ability, type AbilityFound } from '@coldroom/domain';
import { link, lstat, mkdir, readlink, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { identify } from '../fresh';
import { sameContent } from '../identity';
import { renameExchange, renameNoReplace } from '../rename';
import { no, tried, unknown, yes } from './answer';
import { inside } from './scratch-directory';

type Found = Pick<
  Record<Ability, AbilityFound>,
  | 'hard links'
  | 'fresh attributes'
  | 'symbolic links'
  | 'exchange'
  | 'rename without replacing'
  | 'renames without changes'
>;

/** Does with files of our own what the linker does with an original. */
export async function probeLinks(scratch: Buffer): Promise<Found> {
  return {
    ...(await hardLinks(inside(scratch, 'original'), inside(scratch, 'held'))),
    'symbolic links': await symbolicLinks(inside(scratch, 'link')),
    exchange: await tried('renameat2 RENAME_EXCHANGE', () => exchanged(scratch)),
    'rename without replacing': await tried('renameat2 RENAME_NOREPLACE', () => notReplaced(scratch)),
    'renames without changes': await tried('rename', () => renamed(scratch)),
  };
}

async function hardLinks(file: Buffer, held: Buffer): Promise<Pick<Found, 'hard links' | 'fresh attributes'>> {
  await writeFile(file, 'coldroom was here\n', { flag: 'wx' });
  const before = await identify(file);
  let fresh = unknown('there are no hard links');
  const linked = await tried('link', async () => {
    await lstat(file); // fills the attribute cache, if there is one
    await link(file, held);
    fresh = await freshness(file, held); // first, as the looks below fill the cache again
    const [one, other] = [await identify(file), await identify(held)];
    if (one?.links !== 2 || other?.links !== 2) return no(`link: the number of names is ${one?.links}, not 2`);
    if (one.ino !== other.ino || one.ino !== before?.ino) return no('link: the two names have different inode numbers');
  });
  return { 'hard links': linked, 'fresh attributes': fresh };
}

/** What a program sees that does not ask past the system's cache. */
async function freshness(file: Buffer, held: Buffer): Promise<AbilityFound> {
  const [one, other] = [await lstat(file, { bigint: true }), await lstat(held, { bigint: true })];
  return one.nlink === 2n && other.nlink === 2n && one.ctimeNs === other.ctimeNs
    ? yes('stat: both names show the new link at once')
    : no('stat: one of the names shows its old attributes after a hard link');
}

function symbolicLinks(path: Buffer): Promise<AbilityFound> {
  const target = '/coldroom/a b/ü';
  return tried('symlink', async () => {
    await symlink(target, path);
    if ((await readlink(path)) !== target) return no('readlink: another target than was written');
    if (!(await lstat(path)).isSymbolicLink()) return no('lstat: no symbolic link');
  });
}

async function exchanged(scratch: Buffer): Promise<AbilityFound | void> {
  const [one, other] = [inside(scratch, 'one'), inside(scratch, 'other')];
  await writeFile(one, '1');
  await writeFile(other, '22');
  await renameExchange(one, other);
  if ((await identify(one))?.size !== 2n || (await identify(other))?.size !== 1n)
    return no('renameat2 RENAME_EXCHANGE: reported success and did not exchange the names');
}

async function notReplaced(scratch: Buffer): Promise<AbilityFound | void> {
  const [from, to] = [inside(scratch, 'from'), inside(scratch, 'to')];
  await writeFile(from, '1');
  await renameNoReplace(from, to);
  await writeFile(from, '22');
  try {
    await renameNoReplace(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await unlink(from);
    return yes('renameat2 RENAME_NOREPLACE: EEXIST for a name that exists');
  }
  return no('renameat2 RENAME_NOREPLACE: replaced a file all the same');
}

/** What a seal does with a bag, and an undo with an original. EncFS changes times with names, to seconds. */
async function renamed(scratch: Buffer): Promise<AbilityFound | void> {
  const [open, sealed, back] = ['open', 'sealed', 'back'].map((name) => inside(scratch, name)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  await mkdir(open);
  await writeFile(inside(open, 'copy'), 'coldroom was here\n', { flag: 'wx' });
  const before = await identify(inside(open, 'copy'));
  await rename(open, sealed);
  const copy = await identify(inside(sealed, 'copy'));
  if (before === null || copy === null || !sameContent(copy, before))
    return no('rename: the files in a renamed directory get another inode number or other times');
  await rename(inside(sealed, 'copy'), back);
  const original = await identify(back);
  if (original?.ino !== before.ino || original.mtimeNs !== before.mtimeNs)
    return no('rename: a renamed file gets another inode number or modification time');
}
