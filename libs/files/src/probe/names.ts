import { codeOf, type Ability, type AbilityFound } from '@coldroom/domain';
import { readdir, unlink, writeFile } from 'node:fs/promises';
import { no, tried, yes } from './answer';
import { inside } from './scratch-directory';

type Found = Pick<Record<Ability, AbilityFound>, 'upper and lower case' | 'Unicode forms' | 'any bytes in names'>;

/** `NAME_MAX` of Linux. */
const nameLimit = 255;

export async function probeNames(scratch: Buffer): Promise<Found & { readonly longestName: number }> {
  return {
    'upper and lower case': await apart(scratch, 'Case', 'cASE'),
    'Unicode forms': await apart(scratch, '\u00e9-form', 'e\u0301-form'),
    'any bytes in names': await anyBytes(scratch),
    longestName: await longestName(scratch),
  };
}

/** Whether two names are two files, and both are kept as they were written. */
function apart(scratch: Buffer, one: string, other: string): Promise<AbilityFound> {
  return tried('open', async () => {
    await writeFile(inside(scratch, one), '1', { flag: 'wx' });
    try {
      await writeFile(inside(scratch, other), '2', { flag: 'wx' });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return no(`open: "${one}" and "${other}" are one file`);
    }
    const names = await readdir(scratch);
    return names.includes(one) && names.includes(other)
      ? yes('open: two names are two files')
      : no('readdir: names are not as they were written');
  });
}

function anyBytes(scratch: Buffer): Promise<AbilityFound> {
  const odd = [Buffer.from([0x6f, 0xff, 0xfe]), Buffer.from('a\\b:c*?"<>|'), Buffer.from('end '), Buffer.from('a\nb')];
  return tried('open', async () => {
    for (const name of odd) await writeFile(inside(scratch, name), '', { flag: 'wx' });
    const names = await readdir(scratch, { encoding: 'buffer' });
    if (!odd.every((name) => names.some((each) => each.equals(name))))
      return no('readdir: a name is not as it was written');
  });
}

/** By halving: eight names at most. */
async function longestName(scratch: Buffer): Promise<number> {
  let [fits, tooLong] = [1, nameLimit + 1];
  while (tooLong - fits > 1) {
    const length = tooLong === nameLimit + 1 && fits === 1 ? nameLimit : Math.floor((fits + tooLong) / 2);
    if (await holds(inside(scratch, 'n'.repeat(length)))) fits = length;
    else tooLong = length;
  }
  return fits;
}

async function holds(path: Buffer): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx' });
  } catch (error) {
    if (['ENAMETOOLONG', 'EINVAL'].includes(codeOf(error))) return false;
    throw error;
  }
  await unlink(path);
  return true;
}
