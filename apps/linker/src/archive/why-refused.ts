import { readlinkSync, statSync } from 'node:fs';
import { codeOf, type Refused } from '@coldroom/domain';
import { notWritable, protectedAgainstChange } from '@coldroom/files';
import { originalPath, heldPath, type Place } from '../paths/inspect';

/**
 * What EPERM means where attributes of the original or of a directory explain it: they may be newer than the scan.
 * Otherwise the error.
 */
export function whyNotPermitted(error: unknown, place: Place): unknown {
  if (codeOf(error) !== 'EPERM') return error;
  return protectedAgainstChange(originalPath(place)) ?? protectedAgainstChange(heldPath(place)) ?? error;
}

/** The same for a step in the original's directory alone, where EACCES is about the permissions of that directory. */
export function whyNotLinked(error: unknown, place: Place): unknown {
  if (codeOf(error) !== 'EACCES') return whyNotPermitted(error, place);
  return protectedAgainstChange(originalPath(place)) ?? notOurs(place);
}

function notOurs({ directory }: Place): Refused {
  const inDirectory = directory.at(Buffer.from('.coldroom'));
  const open = inDirectory.subarray(0, inDirectory.lastIndexOf(0x2f));
  const { uid, mode } = statSync(open);
  return notWritable(
    readlinkSync(open, { encoding: 'buffer' }),
    `it belongs to uid ${uid} and has mode ${(mode & 0o7777).toString(8)}, and the linker runs as uid ${process.geteuid!()}`,
    `run the linker as uid ${uid}, or give its user the right to write there`,
  );
}
