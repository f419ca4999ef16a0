import { bagNameLimit, Refused } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';

/**
 * Below the store's directory: open bags are in `.open`, sealed ones at the top. Copies are in a bag's `data` (RFC
 * 8493).
 */
export const openDirectoryName = '.open';

const bagName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/** For the longest path that a copy could have. */
export const longestBagName = 'b'.repeat(bagNameLimit);

/** Whether a name in the store's directory can be that of a sealed bag. */
export function isBagName(name: string): boolean {
  return bagName.test(name);
}

function checked(bag: string): string {
  if (!bagName.test(bag))
    throw new Refused(
      'BAG_NAME_NOT_ALLOWED',
      `"${displayPath(Buffer.from(bag))}" cannot name a bag: letters, digits, ".", "_" and "-" only, the first a letter or digit.`,
    );
  return bag;
}

export function openBag(bag: string): Buffer {
  return Buffer.from(`${openDirectoryName}/${checked(bag)}`);
}

export function sealedBag(bag: string): Buffer {
  return Buffer.from(checked(bag));
}

/** The path of a copy in a bag. */
export function copyIn(bagPlace: Buffer, path: Buffer): Buffer {
  return Buffer.concat([bagPlace, Buffer.from('/data/'), path]);
}

/** The directories from the bag's own down to the copy's parent. */
export function directoriesOf(bagPlace: Buffer, path: Buffer): Buffer[] {
  const whole = copyIn(bagPlace, path);
  const directories: Buffer[] = [];
  for (let end = bagPlace.length; end !== -1; end = whole.indexOf('/', end + 1))
    directories.push(whole.subarray(0, end));
  return directories;
}
