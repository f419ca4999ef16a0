import { codeOf } from '@coldroom/domain';
import { identify, openDirectory, typeOf, type Directory, type Root } from '@coldroom/files';
import { realpath } from 'node:fs/promises';
import { gone, neither, notReadable } from './refusals';

const slash = 0x2f;

/** The path with all links followed, as bytes. */
export async function canonical(path: Buffer, shown: string): Promise<Buffer> {
  try {
    return await realpath(path, { encoding: 'buffer' });
  } catch (error) {
    throw meaning(error, shown);
  }
}

/** Looked at from the root on: a directory that was replaced by a link meanwhile is not followed, and neither is the name. */
export async function kindOf(root: Root, below: Buffer, shown: string): Promise<'file' | 'directory'> {
  const end = below.lastIndexOf(slash);
  const parent = await openParent(root, below.subarray(0, Math.max(end, 0)), shown);
  try {
    const identity = await identify(parent.at(below.subarray(end + 1)));
    if (!identity) throw gone(shown);
    const type = typeOf(identity.mode);
    if (type === 'file' || type === 'directory') return type;
    throw neither(shown);
  } finally {
    await parent.close();
  }
}

async function openParent(root: Root, path: Buffer, shown: string): Promise<Directory> {
  try {
    return await openDirectory(root, path);
  } catch (error) {
    throw meaning(error, shown);
  }
}

function meaning(error: unknown, shown: string): unknown {
  const code = codeOf(error);
  if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return gone(shown, error);
  return ['EACCES', 'EPERM'].includes(code) ? notReadable(shown, error) : error;
}
