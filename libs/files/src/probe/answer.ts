import { Refused, codeOf, type AbilityFound } from '@coldroom/domain';

export const yes = (how: string): AbilityFound => ({ answer: 'yes', how });
export const no = (how: string): AbilityFound => ({ answer: 'no', how });
export const unknown = (how: string): AbilityFound => ({ answer: 'unknown', how });

/** What a file system reports that cannot do something, by the manual pages of the calls. All else may pass. */
const cannot = 'EINVAL EOPNOTSUPP ENOTSUP ENOSYS EPERM ENOTTY EXDEV EMLINK EILSEQ ENAMETOOLONG'.split(' ');

/** Whether an error says that the disk is full or not to be written to: that tells nothing about its abilities. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS'].includes(codeOf(error));
}

/** An error of a file system that cannot do it is a no; one that may have other causes is thrown. */
export async function tried(call: string, act: () => Promise<AbilityFound | void>): Promise<AbilityFound> {
  try {
    return (await act()) ?? yes(call);
  } catch (error) {
    const code = codeOf(error instanceof Refused ? error.cause : error);
    if (!cannot.includes(code)) throw error;
    return no(`${call}: ${code}`);
  }
}
