import { Refused, codeOf } from '@coldroom/domain';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { openDirectory } from './directory';
import { freshOf } from './fresh';
import type { Root } from './roots';

const writeBits = 0o222;
const notChanged = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'];

/**
 * Finds out, with a directory and a file of its own, whether permissions can be taken away below a root. If not,
 * `Refused` `STORE_NOT_PROTECTED`, unless that is accepted; a file system that reports an error instead is refused in
 * any case, as every copy would fail.
 */
export async function checkProtection(root: Root, path: Buffer, lackAccepted: boolean): Promise<void> {
  const directory = await openDirectory(root, path, { create: true });
  try {
    const found = tried(directory.at(Buffer.from(`.check-${randomUUID()}`)));
    if (found !== 'stays' && !(found === 'ignored' && lackAccepted)) throw notProtected(root, found);
  } finally {
    await directory.close();
  }
}

/** Whether a change of permissions stays, is ignored, or fails with this code. */
function tried(directory: Buffer): string {
  const file = Buffer.concat([directory, Buffer.from('/file')]);
  mkdirSync(directory, 0o755);
  try {
    writeFileSync(file, 'coldroom was here\n', { flag: 'wx', mode: 0o644 });
    chmodSync(file, 0o444);
    chmodSync(directory, 0o555);
    const modes = [file, directory].map((each) => freshOf(each).identity.mode);
    return modes.every((mode) => (mode & writeBits) === 0) ? 'stays' : 'ignored';
  } catch (error) {
    if (!notChanged.includes(codeOf(error))) throw error;
    return codeOf(error);
  } finally {
    removed(directory, file);
  }
}

function removed(directory: Buffer, file: Buffer): void {
  for (const step of [() => chmodSync(directory, 0o755), () => chmodSync(file, 0o644), () => unlinkSync(file)]) {
    try {
      step();
    } catch {
      // the next step says whether that mattered
    }
  }
  rmdirSync(directory);
}

function notProtected({ directory }: Root, found: string): Refused {
  return found === 'ignored'
    ? new Refused(
        'STORE_NOT_PROTECTED',
        `The store at ${directory} cannot protect copies: its file system ignores changes of permissions. Mount it so that they stay (SMB: with Unix extensions; ntfs-3g: option "permissions"), or set "protect: none" for this store.`,
        { root: directory },
      )
    : new Refused(
        'STORE_NOT_PROTECTED',
        `The store at ${directory} cannot protect copies: its file system does not allow changes of permissions (${found}). Mount it so that they stay, or so that they are ignored (vfat: option "quiet"; ntfs-3g: "silent") with "protect: none" for this store.`,
        { root: directory, code: found },
      );
}
