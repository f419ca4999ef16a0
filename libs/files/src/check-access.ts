import { Transient, codeOf } from '@coldroom/domain';
import { access, constants } from 'node:fs/promises';

export type Access = 'read' | 'write';

const modes = {
  read: constants.R_OK | constants.X_OK,
  write: constants.R_OK | constants.W_OK | constants.X_OK,
} as const;

/**
 * Checks with the system whether we may read a directory, or read and change it; nothing is written. Throws `Transient`
 * `ROOT_READ_ONLY` where it is mounted read-only, `ROOT_DENIED` where we lack the right.
 */
export async function checkAccess(directory: string, needed: Access): Promise<void> {
  try {
    await access(directory, modes[needed]);
  } catch (error) {
    const code = codeOf(error);
    const details = { root: directory, needed, code };
    if (code === 'EROFS')
      throw new Transient(
        'ROOT_READ_ONLY',
        `${directory} is mounted read-only, and this service writes there. Mount it for writing; if it was, check the system log.`,
        details,
        { cause: error },
      );
    throw new Transient(
      'ROOT_DENIED',
      `This service needs to ${needed} in ${directory} and may not (${code}). Give its user that right; docs/install.md lists the rights of each service.`,
      details,
      { cause: error },
    );
  }
}
