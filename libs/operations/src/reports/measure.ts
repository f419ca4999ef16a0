import type { BigIntStats } from 'node:fs';
import { lstat, opendir, stat } from 'node:fs/promises';
import { rootNames, codeOf, type RootName } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import type { Measure, MeasuredPath } from './size-report';

const slash = Buffer.from('/');
const nothing = { files: 0, bytes: 0n, counted: 0n };

/**
 * Measures files and directories of this machine, without opening a file. A link counts as large as the file that it
 * leads to; one that leads to nothing, as large as the register says if its file is archived. Directories behind links
 * are not entered. A file that an earlier line named, or that has several names, counts once.
 * @param dataDir where OMERO's trees are, if that is known
 */
export function measuring({ usage }: Pick<Register, 'usage'>, dataDir: string | undefined): Measure {
  const seen = new Set<string>();

  const counted = ({ dev, ino, size }: BigIntStats): bigint => {
    const key = `${dev} ${ino}`;
    if (seen.has(key)) return 0n;
    seen.add(key);
    return size;
  };
  const ofFile = (found: string, of: BigIntStats, named: boolean): MeasuredPath => ({
    found,
    files: 1,
    bytes: of.size,
    // Only these can be met again.
    counted: named || of.nlink > 1n ? counted(of) : of.size,
  });
  const ofLink = async (path: Buffer): Promise<MeasuredPath> => {
    const target = await stat(path, { bigint: true }).catch((error: unknown) => codeOf(error));
    if (typeof target !== 'string')
      return target.isFile() ? ofFile('link', target, true) : { found: 'link', ...nothing };
    if (target !== 'ENOENT') return { found: target, ...nothing };
    const bytes = await archivedSize(usage, dataDir, path);
    return bytes === undefined
      ? { found: 'link to nothing', ...nothing }
      : { found: 'archived', files: 1, bytes, counted: bytes };
  };
  const ofDirectory = async (path: Buffer): Promise<MeasuredPath> => {
    let sum: MeasuredPath = { found: 'directory', ...nothing };
    for await (const { name } of await opendir(path, { encoding: 'buffer' as BufferEncoding })) {
      const each = await measure(Buffer.concat([path, slash, name as unknown as Buffer]), false);
      sum = {
        found: isFault(each.found) ? `directory, ${each.found} within` : sum.found,
        files: sum.files + each.files,
        bytes: sum.bytes + each.bytes,
        counted: sum.counted + each.counted,
      };
    }
    return sum;
  };
  const measure = async (path: Buffer, named: boolean): Promise<MeasuredPath> => {
    try {
      const at = await lstat(path, { bigint: true });
      if (at.isSymbolicLink()) return await ofLink(path);
      if (at.isDirectory()) return await ofDirectory(path);
      return at.isFile() ? ofFile('file', at, named) : { found: 'other', ...nothing };
    } catch (error) {
      const code = codeOf(error);
      return { found: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : code, ...nothing };
    }
  };
  return async (path) => measure(path, true);
}

/** What a person has to know of, since the sum lacks it. */
function isFault(found: string): boolean {
  return /^E[A-Z0-9]+$|within$/.test(found);
}

async function archivedSize(
  usage: Register['usage'],
  dataDir: string | undefined,
  path: Buffer,
): Promise<bigint | undefined> {
  const root = rootNames.find((name) => dataDir !== undefined && path.indexOf(`${dataDir}/${name}/`) === 0);
  if (root === undefined) return undefined;
  const below = path.subarray(Buffer.byteLength(`${dataDir}/${root}/`));
  const sizes = await usage.archivedSizes(root satisfies RootName, [below]);
  return sizes.get(below.toString());
}
