const modulus = 65_521;
/** The largest number of bytes whose sums still fit into 32 bits (RFC 1950; zlib calls it NMAX). */
const block = 5552;

/** Adler-32 of RFC 1950, fed in pieces of any size. */
export class Adler32 {
  private a = 1;
  private b = 0;

  update(chunk: Uint8Array): void {
    let { a, b } = this;
    for (let start = 0; start < chunk.length; start += block) {
      const end = Math.min(start + block, chunk.length);
      for (let at = start; at < end; at++) {
        a += chunk[at]!;
        b += a;
      }
      a %= modulus;
      b %= modulus;
    }
    this.a = a;
    this.b = b;
  }

  /** Least significant byte first, as OMERO (Guava) writes it. */
  digest(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16LE(this.a, 0);
    bytes.writeUInt16LE(this.b, 2);
    return bytes.toString('hex');
  }
}
