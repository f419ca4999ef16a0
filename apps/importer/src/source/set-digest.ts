import { createHash } from 'node:crypto';

const modulus = 1n << 256n;

/**
 * SHA-256 of a set of entries that come in any order: the sum of their own SHA-256, and their number. Equal sums of
 * different sets do not come about by chance. Who could make them on purpose may write in the buffer anyway, and gains
 * nothing: no file is taken for another because of this digest, and none is removed.
 */
export class SetDigest {
  private sum = 0n;
  private count = 0;

  add(...parts: readonly (Buffer | bigint | string)[]): void {
    const hash = createHash('sha256');
    for (const part of parts) {
      const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
      hash.update(`${bytes.length}:`).update(bytes); // with its length: no two lists of parts have the same bytes
    }
    this.sum = (this.sum + BigInt(`0x${hash.digest('hex')}`)) % modulus;
    this.count += 1;
  }

  hex(): string {
    return createHash('sha256')
      .update(`${this.count}:${this.sum.toString(16)}`)
      .digest('hex');
  }
}
