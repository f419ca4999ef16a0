import { percentDecoded } from '@coldroom/bagit';
import { Refused, type Outcome } from '@coldroom/domain';
import { isUtf8 } from 'node:buffer';
import { sealedBag } from '../file/layout';

/** The tag file of a bag that is written last: a bag that has it is sealed. */
export const sealName = 'tagmanifest-sha256.txt';
/** S3's limit for a key, in bytes. */
export const keyLimit = 1024;

/** Control characters, what XML 1.0 cannot carry, and what S3's documentation advises to avoid in keys. */
const avoided = /[\x00-\x1f\x7f-\x9f\\{}^%`[\]"<>~#|\ufffe\uffff]/;
/** What earlier bags have encoded, and a percent sign before two hex digits. */
const avoidedEarlier = /[\x00-\x1f\x7f\ufffe\uffff]|%(?=[0-9A-Fa-f]{2})/;

/** The key of a copy, and the one that it may have in an earlier bag, if that is another. */
export interface CopyKeys {
  readonly key: string;
  readonly earlierKey: string | undefined;
}

/**
 * The keys in the bucket: `<prefix>/<bag>/data/<path>`, tag files beside `data`, and in `uploads` what is needed while
 * a bag is open.
 */
export class Keys {
  readonly top: string;

  constructor(prefix: string) {
    this.top = prefix === '' ? '' : `${prefix}/`;
  }

  /** `Refused` `BAG_NAME_NOT_ALLOWED`. */
  bag(bag: string): string {
    return `${this.top}${sealedBag(bag).toString()}/`;
  }

  data(bag: string): string {
    return `${this.bag(bag)}data/`;
  }

  copy(bag: string, path: Buffer): CopyKeys {
    const [name, earlier] = [storedName(path), earlierStoredName(path)];
    return {
      key: this.data(bag) + name,
      earlierKey: earlier === name ? undefined : this.data(bag) + earlier,
    };
  }

  tag(bag: string, name: string): string {
    return this.bag(bag) + name;
  }

  seal(bag: string): string {
    return this.tag(bag, sealName);
  }
}

/**
 * The name under which a path is stored: unchanged for nearly all. Bytes that no key can carry (invalid UTF-8), and
 * characters that not every server keeps, are written `%XX`. `pathOf` recovers every path, from names of earlier bags,
 * too.
 */
export function storedName(path: Buffer): string {
  return encoded(path, avoided);
}

/** The name under which earlier bags store a path: they encode fewer characters. */
export function earlierStoredName(path: Buffer): string {
  return encoded(path, avoidedEarlier);
}

function encoded(path: Buffer, unwanted: RegExp): string {
  if (isUtf8(path) && !unwanted.test(path.toString('utf8'))) return path.toString('utf8');
  let name = '';
  for (let at = 0; at < path.length;) {
    const length = [1, 2, 3, 4].find((each) => at + each <= path.length && isUtf8(path.subarray(at, at + each)));
    const character = length === undefined ? undefined : path.toString('utf8', at, at + length);
    const end = at + (length ?? 1);
    // With what follows, on which it may depend whether a percent sign is encoded.
    const kept =
      character !== undefined && unwanted.exec(character + path.toString('latin1', end, end + 2))?.index !== 0;
    name += kept
      ? character
      : [...path.subarray(at, end)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
    at = end;
  }
  return name;
}

/** The inverse of `storedName` and of `earlierStoredName`. */
export function pathOf(name: string): Buffer {
  return percentDecoded(Buffer.from(name));
}

/** The key under which a listing has a copy: that of an earlier bag only if there is no other. */
export function keyIn(listed: { has(key: string): boolean }, { key, earlierKey }: CopyKeys): string {
  return earlierKey !== undefined && !listed.has(key) && listed.has(earlierKey) ? earlierKey : key;
}

/** Does the work for the items that have keys, and inserts the refusals of the others in their places. */
export async function apart<T, R>(
  items: readonly T[],
  keysOf: (item: T) => CopyKeys,
  act: (accepted: readonly ({ readonly item: T } & CopyKeys)[]) => Promise<readonly Outcome<R>[]>,
): Promise<readonly Outcome<R>[]> {
  const found = items.map((item): ({ readonly item: T } & CopyKeys) | { readonly error: Refused } => {
    try {
      return { item, ...keysOf(item) };
    } catch (error) {
      if (error instanceof Refused) return { error };
      throw error;
    }
  });
  const accepted = found.filter((each) => 'key' in each);
  const done = (accepted.length === 0 ? [] : await act(accepted)).values();
  return found.map((each) => ('error' in each ? each : done.next().value!));
}
