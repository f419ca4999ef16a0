import { codeOf } from '@coldroom/domain';
import { realpath } from 'node:fs/promises';

const slash = 0x2f;

/** Whether an absolute path is `place` or below it. Both are bytes, without `.`, `..` or a slash at the end. */
export function isWithin(path: Buffer, place: Buffer): boolean {
  if (!path.subarray(0, place.length).equals(place)) return false;
  return path.length === place.length || path[place.length] === slash;
}

/** Whether one of the two is, or contains, the other. */
export function touches(one: Buffer, other: Buffer): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

/** The path without links; the path as it is where nothing is there. */
export async function realPlace(path: string): Promise<Buffer> {
  try {
    return await realpath(path, { encoding: 'buffer' });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.from(path);
    throw error;
  }
}
