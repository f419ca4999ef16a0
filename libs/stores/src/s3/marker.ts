import {
  Refused,
  Transient,
  messageOf,
  type KnownMarkers,
  type MarkerExpected,
  type MarkerFound,
} from '@coldroom/domain';
import type { Bucket } from './bucket';
import { S3Failure } from './failures';
import { sourceHeader } from './object-head';

/** Not the name of a directory's marker: copying a bucket into a directory, or back, replaces neither. */
export const markerName = '.coldroom-store';
const limit = 4096;

/** The object below the prefix that says by its id which store this is, and what is known of it elsewhere. */
export class Marker {
  private id: string | undefined;

  constructor(
    private readonly store: Omit<MarkerFound, 'id'>,
    private readonly key: string,
    private readonly known: KnownMarkers | undefined,
  ) {}

  /**
   * Writes the marker of a new store. `Refused` `ROOT_REPLACED` if there is another one than this store is known by, or
   * none.
   */
  async check(bucket: Bucket): Promise<void> {
    if (this.known === undefined) return;
    const found = await this.read(bucket);
    const expected = await this.known.expect({ ...this.store, id: found });
    if (!expected) return;
    if (expected.isNew) await this.write(bucket, expected.id);
    // Read again where it did not fit: another process may have written it meanwhile.
    const now = found === expected.id ? found : await this.read(bucket);
    if (now !== expected.id) throw this.replaced(now, expected);
    await this.known.confirm({ ...this.store, id: now });
    this.id = now;
  }

  /** Before something is written: that it is still the marker of the last check. Otherwise `Transient` `STORE_UNAVAILABLE`. */
  async checkAgain(bucket: Bucket): Promise<void> {
    if (this.known === undefined || (this.id !== undefined && (await this.read(bucket)) === this.id)) return;
    try {
      await this.check(bucket);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new Transient('STORE_UNAVAILABLE', messageOf(error), error.details, { cause: error });
    }
  }

  /** A head first: a lifecycle rule may have moved the object to where only its metadata can be read. */
  private async read(bucket: Bucket): Promise<string | undefined> {
    const head = await bucket.head(this.key);
    if (head === undefined) return undefined;
    if (head.source !== undefined && idShape.test(head.source)) return head.source;
    const content = await bucket.read(this.key, limit);
    if (content === undefined) return undefined;
    const id = idIn(content.toString());
    if (id !== undefined) return id;
    const { store, place } = this.store;
    throw new Refused(
      'ROOT_REPLACED',
      `The store ${store} at ${place} is not used: the object ${this.key} there is not a marker of Coldroom.`,
      { store, place },
    );
  }

  /** Two services may do this at once: both write the same. */
  private async write(bucket: Bucket, id: string): Promise<void> {
    try {
      await bucket.putNew(this.key, Buffer.from(contentFor(id)), { [sourceHeader]: id });
    } catch (error) {
      if (!(error instanceof S3Failure) || ![409, 412].includes(error.status)) throw error;
    }
  }

  private replaced(found: string | undefined, { id, place: before }: MarkerExpected): Refused {
    const { store, place } = this.store;
    return new Refused(
      'ROOT_REPLACED',
      `The store ${store} is not at ${place}: ${found === undefined ? 'there is no marker there' : `the marker there has the id ${found}`}, and the store is known by the id ${id}, last seen at ${before}. Correct endpoint, bucket and prefix, or, if all objects of the store are there, put an object ${this.key} there with the content ${contentFor(id).trim()}`,
      { store, place, found: found ?? null, expected: id },
    );
  }
}

const idShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const contentFor = (id: string): string => `${JSON.stringify({ coldroom: 'store', id })}\n`;

function idIn(text: string): string | undefined {
  try {
    const { coldroom, id } = JSON.parse(text) as Record<string, unknown>;
    return coldroom === 'store' && typeof id === 'string' ? id : undefined;
  } catch {
    return undefined; // not JSON: not ours, which the caller reports
  }
}
