import { Refused } from '@coldroom/domain';
import { checkPath, displayPath } from '@coldroom/files';
import type { S3StoreSettings } from '../store-settings';
import { keyLimit, type CopyKeys, type Keys } from './keys';

/** PATH_MAX with its NUL: a longer link target could not be made. */
const pathLimit = 4095;

/** As people see it: endpoint, bucket and prefix. */
export function placeOfBucket({ endpoint, bucket, prefix }: S3StoreSettings): string {
  return [endpoint.replace(/\/$/, ''), bucket, prefix].filter((part) => part !== '').join('/');
}

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

  /** Of a copy to be put. `Refused` `PATH_NOT_ALLOWED`, or `PATH_TOO_LONG` if a key or a link could not hold it. */
  toPut(bag: string, path: Buffer): CopyKeys {
    const { length } = this.linkTarget(bag, path);
    const keys = this.keys.copy(bag, path);
    const size = Buffer.byteLength(keys.key);
    if (size > keyLimit)
      throw new Refused(
        'PATH_TOO_LONG',
        `The copy of "${displayPath(path)}" would have a key of ${size} bytes${keys.earlierKey === undefined ? '' : ' with the characters percent-encoded that not every server keeps'}; S3 allows ${keyLimit}.`,
      );
    if (length > pathLimit)
      throw new Refused(
        'PATH_TOO_LONG',
        `The link to "${displayPath(path)}" would have ${length} bytes; a link can hold ${pathLimit}.`,
      );
    return keys;
  }

  /** Of a copy that may be there, also where only the shorter key of an earlier bag can be. Otherwise as `toPut`. */
  ofCopy(bag: string, path: Buffer): CopyKeys {
    const { key, earlierKey } = this.keys.copy(bag, path);
    if (earlierKey === undefined || Buffer.byteLength(key) <= keyLimit) return this.toPut(bag, path);
    if (Buffer.byteLength(earlierKey) > keyLimit) return this.toPut(bag, path);
    this.linkTarget(bag, path);
    return { key: earlierKey, earlierKey: undefined };
  }

  /** `Refused` `COPY_MISSING` where there is no sealed bag; otherwise as `ofCopy`. */
  ofSealed(bag: string, path: Buffer, sealed: boolean): CopyKeys {
    if (sealed) return this.ofCopy(bag, path);
    throw new Refused('COPY_MISSING', `There is no sealed bag ${bag} in the store.`, { bag });
  }
}
