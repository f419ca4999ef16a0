import { Refused, codeOf } from '@coldroom/domain';
import { rename, renameFlags, renameSync } from './native';

/** What renameat2(2) reports where the file system (or kernel) does not know the flag: NFS, CIFS, some FUSE. */
const unsupported = new Set(['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP']);

export function isUnsupported(error: unknown): boolean {
  return unsupported.has(codeOf(error));
}

/**
 * Swaps two names on one file system in one step; both must exist. `Refused` `EXCHANGE_NOT_SUPPORTED` where the file
 * system cannot; other errors keep the system's code (`ENOENT`, `EACCES`, `EXDEV`). Sync both directories afterwards.
 */
export async function renameExchange(one: Buffer, other: Buffer): Promise<void> {
  await told(() => rename(one, other, renameFlags.exchange), 'EXCHANGE_NOT_SUPPORTED', 'swap two names');
}

/** The same, synchronously: for a step that must follow its check without any other work in between. */
export function renameExchangeSync(one: Buffer, other: Buffer): void {
  try {
    renameSync(one, other, renameFlags.exchange);
  } catch (error) {
    throw asRefusal(error, 'EXCHANGE_NOT_SUPPORTED', 'swap two names');
  }
}

/**
 * Renames to a name that must not exist (`EEXIST`). `Refused` `NO_REPLACE_NOT_SUPPORTED` where the file system cannot;
 * other errors keep the system's code. Sync both directories afterwards.
 */
export async function renameNoReplace(from: Buffer, to: Buffer): Promise<void> {
  await told(() => rename(from, to, renameFlags.noReplace), 'NO_REPLACE_NOT_SUPPORTED', 'rename without replacing');
}

async function told(act: () => Promise<void>, code: string, what: string): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw asRefusal(error, code, what);
  }
}

function asRefusal(error: unknown, code: string, what: string): unknown {
  return isUnsupported(error)
    ? new Refused(code, `The file system cannot ${what} (${codeOf(error)}).`, {}, { cause: error })
    : error;
}
