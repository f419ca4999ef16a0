import { Refused } from '@coldroom/domain';
import { readlinkSync } from 'node:fs';
import { fileFlags, statusOf } from './native';
import { quotedPath } from './path';

const writeBits = 0o222;

/**
 * Why a name in a directory cannot be linked or replaced by anyone: attributes that `chattr` sets on the file or its
 * directory, or a directory without any write permission. Undefined where none of these applies, or the file system
 * does not report them. `at` ends in a name in an open directory or in an existing one.
 */
export function protectedAgainstChange(at: Buffer): Refused | undefined {
  const slash = at.lastIndexOf(0x2f);
  const inDirectory = Buffer.concat([at.subarray(0, slash + 1), Buffer.from('.')]);
  const file = flagOf(at);
  if (file) return byAttribute('FILE_PROTECTED', 'file', file, absolute(at, slash));
  const directory = flagOf(inDirectory);
  if (directory) return byAttribute('DIRECTORY_PROTECTED', 'directory', directory, absolute(at, slash, false));
  const mode = statusOf(inDirectory)?.mode;
  if (mode !== undefined && (mode & writeBits) === 0 && process.geteuid!() !== 0)
    return withoutWriteBit(absolute(at, slash, false));
  return undefined;
}

/** A directory in which no link can be made because of its permissions. */
export function notWritable(directory: Buffer, fault: string, next: string): Refused {
  const path = quotedPath(directory);
  return new Refused(
    'DIRECTORY_NOT_WRITABLE',
    `no link can be made in the directory ${path}: ${fault}. Next: ${next}`,
    { path },
  );
}

type Flag = keyof typeof fileFlags;

function flagOf(path: Buffer): Flag | undefined {
  const attributes = statusOf(path)?.attributes ?? 0n;
  return (Object.keys(fileFlags) as Flag[]).find((flag) => (attributes & fileFlags[flag]) !== 0n);
}

/** Permissions do not stop root, but services do not run as root. */
function withoutWriteBit(directory: Buffer): Refused {
  return notWritable(directory, 'it has no write permission', `chmod u+w ${quotedPath(directory)}, as its owner`);
}

const words = { immutable: ['immutable', '-i'], appendOnly: ['append-only', '-a'] } as const;

function byAttribute(code: string, what: 'file' | 'directory', flag: Flag, where: Buffer): Refused {
  const [word, option] = words[flag];
  const path = quotedPath(where);
  return new Refused(
    code,
    `the ${what} ${path} is ${word}, so no link can take the original's place. Next: chattr ${option} ${path}, as root`,
    { path },
  );
}

/** The path as an administrator would write it: open directories have a name in /proc only. */
function absolute(at: Buffer, slash: number, withName = true): Buffer {
  const [directory, name] = [at.subarray(0, slash), at.subarray(slash + 1)];
  const real = directory.toString('latin1').startsWith('/proc/self/fd/')
    ? readlinkSync(directory, { encoding: 'buffer' })
    : directory;
  return withName ? Buffer.concat([real, Buffer.from('/'), name]) : real;
}
