import { Blocks } from './blocks';

/**
 * MurmurHash3 x64 128 bit, seed 0, as Guava computes it over bytes. The 64-bit words are kept as two 32-bit halves:
 * BigInt is some hundred times slower. `high` receives the upper half of a result; the return value is the lower.
 */
let high = 0;

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit numbers, from four products of 16-bit halves. */
function productHigh(one: number, other: number): number {
  const oneLow = one & 0xffff,
    oneHigh = one >>> 16,
    otherLow = other & 0xffff,
    otherHigh = other >>> 16;
  const middle = (Math.imul(oneHigh, otherLow) + (Math.imul(oneLow, otherLow) >>> 16)) | 0; // below 2^32: no carry is lost
  const carried = (Math.imul(oneLow, otherHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(oneHigh, otherHigh) + (middle >>> 16) + (carried >>> 16)) | 0;
}

function multiply(wordHigh: number, wordLow: number, factorHigh: number, factorLow: number): number {
  high = (productHigh(wordLow, factorLow) + Math.imul(wordHigh, factorLow) + Math.imul(wordLow, factorHigh)) | 0;
  return Math.imul(wordLow, factorLow);
}

function add(oneHigh: number, oneLow: number, otherHigh: number, otherLow: number): number {
  const low = (oneLow >>> 0) + (otherLow >>> 0);
  high = (oneHigh + otherHigh + (low > 0xffffffff ? 1 : 0)) | 0;
  return low | 0;
}

/** Rotates left by 1 to 31. */
function rotate(wordHigh: number, wordLow: number, by: number): number {
  high = (wordHigh << by) | (wordLow >>> (32 - by));
  return (wordLow << by) | (wordHigh >>> (32 - by));
}

/** k1 of the reference: times c1, rotated by 31, times c2. */
function scrambleFirst(wordHigh: number, wordLow: number): number {
  let low = multiply(wordHigh, wordLow, 0x87c37b91, 0x114253d5);
  low = rotate(high, low, 31);
  return multiply(high, low, 0x4cf5ad43, 0x2745937f);
}

/** k2 of the reference: times c2, rotated by 33 (halves swapped, then by 1), times c1. */
function scrambleSecond(wordHigh: number, wordLow: number): number {
  let low = multiply(wordHigh, wordLow, 0x4cf5ad43, 0x2745937f);
  low = rotate(low, high, 1);
  return multiply(high, low, 0x87c37b91, 0x114253d5);
}

/** The reference's fmix64. */
function finish(wordHigh: number, wordLow: number): number {
  let low = wordLow ^ (wordHigh >>> 1); // x ^= x >>> 33
  low = multiply(wordHigh, low, 0xff51afd7, 0xed558ccd);
  low ^= high >>> 1;
  low = multiply(high, low, 0xc4ceb9fe, 0x1a85ec53);
  return low ^ (high >>> 1);
}

export class Murmur3x128 {
  private firstHigh = 0;
  private firstLow = 0;
  private secondHigh = 0;
  private secondLow = 0;
  private readonly blocks = new Blocks(16, (view, start, end) => this.mix(view, start, end));

  update(chunk: Uint8Array): void {
    this.blocks.update(chunk);
  }

  private mix(view: DataView, start: number, end: number): void {
    let { firstHigh, firstLow, secondHigh, secondLow } = this;
    for (let at = start; at < end; at += 16) {
      firstLow ^= scrambleFirst(view.getInt32(at + 4, true), view.getInt32(at, true));
      firstHigh ^= high;
      firstLow = rotate(firstHigh, firstLow, 27);
      firstLow = add(high, firstLow, secondHigh, secondLow);
      firstLow = multiply(high, firstLow, 0, 5);
      firstLow = add(high, firstLow, 0, 0x52dce729);
      firstHigh = high;

      secondLow ^= scrambleSecond(view.getInt32(at + 12, true), view.getInt32(at + 8, true));
      secondHigh ^= high;
      secondLow = rotate(secondHigh, secondLow, 31);
      secondLow = add(high, secondLow, firstHigh, firstLow);
      secondLow = multiply(high, secondLow, 0, 5);
      secondLow = add(high, secondLow, 0, 0x38495ab5);
      secondHigh = high;
    }
    Object.assign(this, { firstHigh, firstLow, secondHigh, secondLow });
  }

  /** Two words, each least significant byte first, as OMERO (Guava) writes it. */
  digest(): string {
    const { view, length } = this.blocks.rest();
    let { firstHigh, firstLow, secondHigh, secondLow } = this;
    if (length > 8) {
      secondLow ^= scrambleSecond(view.getInt32(12, true), view.getInt32(8, true));
      secondHigh ^= high;
    }
    if (length > 0) {
      firstLow ^= scrambleFirst(view.getInt32(4, true), view.getInt32(0, true));
      firstHigh ^= high;
    }
    const lengthHigh = Math.floor(this.blocks.length / 0x1_0000_0000),
      lengthLow = this.blocks.length | 0;
    firstLow ^= lengthLow;
    firstHigh ^= lengthHigh;
    secondLow ^= lengthLow;
    secondHigh ^= lengthHigh;
    firstLow = add(firstHigh, firstLow, secondHigh, secondLow);
    firstHigh = high;
    secondLow = add(secondHigh, secondLow, firstHigh, firstLow);
    secondHigh = high;
    firstLow = finish(firstHigh, firstLow);
    firstHigh = high;
    secondLow = finish(secondHigh, secondLow);
    secondHigh = high;
    firstLow = add(firstHigh, firstLow, secondHigh, secondLow);
    firstHigh = high;
    secondLow = add(secondHigh, secondLow, firstHigh, firstLow);
    secondHigh = high;
    const bytes = Buffer.alloc(16);
    [firstLow, firstHigh, secondLow, secondHigh].forEach((half, at) => bytes.writeInt32LE(half, at * 4));
    return bytes.toString('hex');
  }
}
