const BLOCK = 1 << 20;

/**
 * Bytes that look like camera noise: the same for the same seed and number, different for every number, and not
 * compressible.
 */
export class Contents {
  private readonly noise: Buffer;

  constructor(private readonly seed: number) {
    this.noise = Buffer.alloc(2 * BLOCK);
    let state = (seed * 2654435761 + 1) >>> 0;
    for (let at = 0; at < this.noise.length; at += 4) {
      // xorshift32 (Marsaglia 2003)
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      state >>>= 0;
      this.noise.writeUInt32LE(state, at);
    }
  }

  /** A file's bytes in chunks of at most 1 MiB; each begins like a TIFF and is numbered, so no two are alike. */
  *chunks(number: number, size: number): Generator<Buffer> {
    for (let done = 0; done < size; done += BLOCK) {
      const length = Math.min(BLOCK, size - done);
      const start = (number * 48271 + (done / BLOCK) * 9973) % BLOCK;
      const chunk = Buffer.from(this.noise.subarray(start, start + length));
      const head = Buffer.from(`II*\0\b\0\0\0${this.seed}-${number}-${done}\0`, 'latin1');
      head.copy(chunk);
      yield chunk;
    }
  }
}
