import { Refused, codeOf } from '@coldroom/domain';
import { rename, renameFlags } from './native';

/** What renameat2(2) says where the file system (or kernel) does not know the flag: NFS, CIFS, some FUSE. */
const unsupported = new Set(['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP']);

export function isUnsupported(error: unknown): boolean {
  return unsupported.has(codeOf(error));
}

/**
 * Swaps two names of one file system in one step; both must exist. `Refused` `EXCHANGE_NOT_SUPPORTED` where the file
 * system cannot; other errors keep the system's code (`ENOENT`, `EACCES`, `EXDEV`). Sync both directories afterwards.
 */
export async function renameExchange(one: Buffer, other: Buffer): Promise<void> {
  await renameWith(renameFlags.exchange, one, other, 'EXCHANGE_NOT_SUPPORTED', 'swap two names');
}

/**
 * Renames to a name that must not exist (`EEXIST`). `Refused` `NO_REPLACE_NOT_SUPPORTED` where the file system cannot;
 * other errors keep the system's code. Sync both directories afterwards.
 */
export async function renameNoReplace(from: Buffer, to: Buffer): Promise<void> {
  await renameWith(renameFlags.noReplace, from, to, 'NO_REPLACE_NOT_SUPPORTED', 'rename without replacing');
}

async function renameWith(flags: number, from: Buffer, to: Buffer, code: string, what: string): Promise<void> {
  try {
    await rename(from, to, flags);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    throw new Refused(code, `The file system cannot ${what} (${codeOf(error)}).`, {}, { cause: error });
  }
}
