import { Refused, type Outcome } from '@coldroom/domain';
import { isUtf8 } from 'node:buffer';
import { sealedBag } from '../file/layout';

/** The tag file of a bag that is written last: a bag that has it is sealed. */
export const sealName = 'tagmanifest-sha256.txt';
/** S3's limit for a key, in bytes. */
export const keyLimit = 1024;

/** Characters that XML 1.0 cannot carry in an answer, or that a key should not contain. */
const uncarried = /[\x00-\x1f\x7f\ufffe\uffff]/;
const looksEncoded = /%(?=[0-9A-Fa-f]{2})/;

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

  copy(bag: string, path: Buffer): string {
    return this.data(bag) + storedName(path);
  }

  tag(bag: string, name: string): string {
    return this.bag(bag) + name;
  }

  seal(bag: string): string {
    return this.tag(bag, sealName);
  }
}

/**
 * The name under which a path is stored: unchanged for nearly all. Bytes that no key can carry (invalid UTF-8, control
 * characters) are written `%XX`, and so is a `%` before two hex digits (`%25`), so that `pathOf` recovers every path.
 */
export function storedName(path: Buffer): string {
  if (isUtf8(path)) {
    const name = path.toString('utf8');
    if (!uncarried.test(name) && !looksEncoded.test(name)) return name;
  }
  let name = '';
  for (let at = 0; at < path.length;) {
    const length = [1, 2, 3, 4].find((each) => at + each <= path.length && isUtf8(path.subarray(at, at + each)));
    const character = length === undefined ? undefined : path.toString('utf8', at, at + length);
    const end = at + (length ?? 1);
    const encoded =
      character === undefined ||
      uncarried.test(character) ||
      (character === '%' && looksEncoded.test(path.toString('latin1', at, at + 3)));
    name += encoded
      ? [...path.subarray(at, end)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
      : character;
    at = end;
  }
  return name;
}

/** The inverse. */
export function pathOf(name: string): Buffer {
  const pieces = name.split(/(%[0-9A-Fa-f]{2})/);
  return Buffer.concat(
    pieces.map((piece, at) => (at % 2 === 1 ? Buffer.of(parseInt(piece.slice(1), 16)) : Buffer.from(piece))),
  );
}

/** Does the work for the items that have a key, and inserts the refusals of the others in their places. */
export async function apart<T, R>(
  items: readonly T[],
  keyOf: (item: T) => string,
  act: (accepted: readonly { readonly item: T; readonly key: string }[]) => Promise<readonly Outcome<R>[]>,
): Promise<readonly Outcome<R>[]> {
  const found = items.map((item): { readonly item: T; readonly key: string } | { readonly error: Refused } => {
    try {
      return { item, key: keyOf(item) };
    } catch (error) {
      if (error instanceof Refused) return { error };
      throw error;
    }
  });
  const accepted = found.filter((each) => 'key' in each);
  const done = (accepted.length === 0 ? [] : await act(accepted)).values();
  return found.map((each) => ('error' in each ? each : done.next().value!));
}
