import { Refused, codeOf, type AbilityFound } from '@coldroom/domain';

export const yes = (how: string): AbilityFound => ({ answer: 'yes', how });
export const no = (how: string): AbilityFound => ({ answer: 'no', how });
export const unknown = (how: string): AbilityFound => ({ answer: 'unknown', how });

/** A full or read-only disk says nothing about what a file system can do. */
const tellsNothing = [
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'ESTALE',
  'ENOTCONN',
  'ETIMEDOUT',
  'EINTR',
  'EMFILE',
  'ENFILE',
];

/** An error of the system that refuses the call is a no; one that has other causes is thrown. */
export async function tried(call: string, act: () => Promise<AbilityFound | void>): Promise<AbilityFound> {
  try {
    return (await act()) ?? yes(call);
  } catch (error) {
    const code = codeOf(error instanceof Refused ? error.cause : error);
    if (tellsNothing.includes(code) || code === 'UNKNOWN') throw error;
    return no(`${call}: ${code}`);
  }
}
