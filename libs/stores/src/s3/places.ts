import { Refused } from '@coldroom/domain';
import { checkPath, displayPath } from '@coldroom/files';
import { keyLimit, type Keys } from './keys';

/** PATH_MAX with its NUL: a longer link target could not be made. */
const pathLimit = 4095;

/** Where copies are: their keys, and the targets of links to them, where recalled copies are put. */
export class Places {
  constructor(
    private readonly keys: Keys,
    private readonly recallRoot: string,
  ) {}

  linkTarget(bag: string, path: Buffer): Buffer {
    checkPath(path);
    this.keys.bag(bag);
    return Buffer.concat([Buffer.from(`${this.recallRoot}/${bag}/data/`), path]);
  }

  /** `Refused` `PATH_NOT_ALLOWED`, or `PATH_TOO_LONG` if a key or a link could not hold it. */
  key(bag: string, path: Buffer): string {
    const { length } = this.linkTarget(bag, path);
    const key = this.keys.copy(bag, path);
    const size = Buffer.byteLength(key);
    if (size > keyLimit)
      throw new Refused(
        'PATH_TOO_LONG',
        `The copy of "${displayPath(path)}" would have a key of ${size} bytes; S3 allows ${keyLimit}.`,
      );
    if (length > pathLimit)
      throw new Refused(
        'PATH_TOO_LONG',
        `The link to "${displayPath(path)}" would have ${length} bytes; a link can hold ${pathLimit}.`,
      );
    return key;
  }

  /** `Refused` `COPY_MISSING` where there is no sealed bag; otherwise as `key`. */
  keyInSealed(bag: string, path: Buffer, sealed: boolean): string {
    if (sealed) return this.key(bag, path);
    throw new Refused('COPY_MISSING', `There is no sealed bag ${bag} in the store.`, { bag });
  }
}
