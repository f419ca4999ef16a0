import { createHash } from 'node:crypto';

/** OMERO's names, as in its table checksumalgorithm. */
export type ChecksumAlgorithm =
  'Adler-32' | 'CRC-32' | 'MD5-128' | 'Murmur3-32' | 'Murmur3-128' | 'SHA1-160' | 'File-Size-64';

/** Takes a file's bytes chunk by chunk; `hex` returns what OMERO stores in originalfile.hash. */
export interface Checksum {
  update(chunk: Buffer): void;
  hex(): string;
}

/**
 * The checksums as OMERO 5 writes them (Guava's HashCode.toString: the least significant byte first). Written
 * independently of Coldroom's own, to compare the two. The Murmur ones keep the whole file in memory.
 */
export function checksum(algorithm: ChecksumAlgorithm): Checksum {
  switch (algorithm) {
    case 'SHA1-160':
      return library('sha1');
    case 'MD5-128':
      return library('md5');
    case 'Adler-32':
      return folded(1, adler, 4);
    case 'CRC-32':
      return folded(0, crc, 4);
    case 'File-Size-64':
      return folded(0, (size, chunk) => size + chunk.length, 8);
    case 'Murmur3-32':
      return whole((data) => littleEndian(murmur32(data), 4));
    case 'Murmur3-128':
      return whole((data) =>
        murmur128(data)
          .map((word) => littleEndian(word, 8))
          .join(''),
      );
  }
}

function library(name: string): Checksum {
  const hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), hex: () => hash.digest('hex') };
}

function folded(start: number, fold: (value: number, chunk: Buffer) => number, bytes: number): Checksum {
  let value = start;
  return {
    update: (chunk) => {
      value = fold(value, chunk);
    },
    hex: () => littleEndian(value, bytes),
  };
}

function whole(digest: (data: Buffer) => string): Checksum {
  const chunks: Buffer[] = [];
  return { update: (chunk) => void chunks.push(Buffer.from(chunk)), hex: () => digest(Buffer.concat(chunks)) };
}

function littleEndian(value: number | bigint, bytes: number): string {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer.toString('hex', 0, bytes);
}

function adler(value: number, chunk: Buffer): number {
  let a = value % 65536;
  let b = Math.floor(value / 65536);
  for (const byte of chunk) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

function crc(value: number, chunk: Buffer): number {
  let rest = ~value;
  for (const byte of chunk) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return ~rest >>> 0;
}

const MASK = 0xffffffffffffffffn;
const rotate64 = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (64n - bits))) & MASK;
const rotate32 = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

function murmur32(data: Buffer): number {
  const scramble = (k: number): number => Math.imul(rotate32(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
  const padded = Buffer.alloc(Math.ceil(data.length / 4) * 4);
  data.copy(padded);
  let h = 0;
  for (let at = 0; at < padded.length; at += 4) {
    h ^= scramble(padded.readInt32LE(at));
    if (at + 4 <= data.length) h = Math.imul(rotate32(h, 13), 5) + 0xe6546b64;
  }
  h ^= data.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function murmur128(data: Buffer): bigint[] {
  const c1 = 0x87c37b91114253d5n;
  const c2 = 0x4cf5ad432745937fn;
  const scramble1 = (k: bigint): bigint => (rotate64((k * c1) & MASK, 31n) * c2) & MASK;
  const scramble2 = (k: bigint): bigint => (rotate64((k * c2) & MASK, 33n) * c1) & MASK;
  const finish = (k: bigint): bigint => {
    const once = ((k ^ (k >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
    const twice = ((once ^ (once >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
    return twice ^ (twice >> 33n);
  };
  const padded = Buffer.alloc(Math.ceil(data.length / 16) * 16);
  data.copy(padded);
  let h1 = 0n;
  let h2 = 0n;
  for (let at = 0; at < padded.length; at += 16) {
    h1 ^= scramble1(padded.readBigUInt64LE(at));
    const full = at + 16 <= data.length;
    if (full) h1 = (((rotate64(h1, 27n) + h2) & MASK) * 5n + 0x52dce729n) & MASK;
    h2 ^= scramble2(padded.readBigUInt64LE(at + 8));
    if (full) h2 = (((rotate64(h2, 31n) + h1) & MASK) * 5n + 0x38495ab5n) & MASK;
  }
  h1 ^= BigInt(data.length);
  h2 ^= BigInt(data.length);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  const [f1, f2] = [finish(h1), finish(h2)];
  const first = (f1 + f2) & MASK;
  return [first, (f2 + first) & MASK];
}
