import { Blocks } from './blocks';

/** MurmurHash3 x86 32 bit, seed 0, as Guava computes it over bytes. */
export class Murmur3x32 {
  private hash = 0;
  private readonly blocks = new Blocks(4, (view, start, end) => {
    let hash = this.hash;
    for (let at = start; at < end; at += 4) {
      hash ^= scrambled(view.getInt32(at, true));
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    this.hash = hash;
  });

  update(chunk: Uint8Array): void {
    this.blocks.update(chunk);
  }

  /** Least significant byte first, as OMERO (Guava) writes it. */
  digest(): string {
    const { view, length } = this.blocks.rest();
    let hash = length > 0 ? this.hash ^ scrambled(view.getInt32(0, true)) : this.hash;
    hash ^= this.blocks.length % 0x1_0000_0000; // Guava counts the length in a 32-bit integer
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(hash ^ (hash >>> 16));
    return bytes.toString('hex');
  }
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
