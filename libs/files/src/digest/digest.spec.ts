import type { DigestAlgorithm } from '@coldroom/domain';
import { randomBytes } from 'node:crypto';
import { RunningDigests } from './digest';

/**
 * Computed by Guava 31.1 (`HashCode.toString()`) and by independent code; `abc` and empty are also in OME's unit tests.
 */
const vectors: Readonly<Record<string, readonly [string, string, string, string]>> = {
  'SHA1-160': [
    'a9993e364706816aba3e25717850c26c9cd0d89d',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'd7e0d5b80a92a1cd3f06a97eeba2d3da2d9f92ed',
    'bef3595266a65a2ff36b700a75e8ed95c68210b6',
  ],
  'MD5-128': [
    '900150983cd24fb0d6963f7d28e17f72',
    'd41d8cd98f00b204e9800998ecf8427e',
    'c85a54079ebcb0fef41284e00e6b3795',
    '879f4bba57ed37c9ec5e5aedf9864698',
  ],
  'Adler-32': ['27014d02', '01000000', '83018604', '01002143'],
  'CRC-32': ['c2412435', '00000000', '9994406d', '9ecb7912'],
  'Murmur3-32': ['fa93ddb3', '00000000', 'fded1378', '49353da7'],
  'Murmur3-128': [
    '6778ad3f3f3f96b4522dca264174a23b',
    '0'.repeat(32),
    '7ec118fe662abeb4d478f43b29c8e576',
    '19359f7222322f790351d2ab81bd584d',
  ],
  'File-Size-64': ['0300000000000000', '0'.repeat(16), '0500000000000000', '40420f0000000000'],
  'SHA-256': [
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'af9c0badcbefc23193940208cc5308191ea5c635544821e7fa496fcb1cc5a3f6',
    'd29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025',
  ],
};
const contents = [Buffer.from('abc'), Buffer.alloc(0), Buffer.from('OMERO'), Buffer.alloc(1_000_000)];

function digestOf(algorithm: DigestAlgorithm, content: Buffer, chunk: number): string | undefined {
  const running = new RunningDigests([algorithm]);
  for (let start = 0; start < content.length; start += chunk) running.update(content.subarray(start, start + chunk));
  return running.digests()[algorithm];
}

describe.each(Object.entries(vectors))('%s', (name, expected) => {
  const algorithm = name as DigestAlgorithm;

  it.each([1_000_000, 65_536, 4099, 17, 7, 1])("returns OMERO's values whatever the chunks (%i bytes)", (chunk) => {
    expect(contents.map((content) => digestOf(algorithm, content, chunk))).toEqual(expected);
  });

  it('does not depend on how the content is cut or aligned', () => {
    const content = Buffer.from(Array.from({ length: 10_007 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff));
    const whole = digestOf(algorithm, content, content.length);
    for (const chunk of [1, 3, 15, 16, 33, 5552, 5553, 9999]) expect(digestOf(algorithm, content, chunk)).toBe(whole);
  });
});

/** The reference algorithm as Austin Appleby wrote it, in slow and plain BigInt. */
function plainMurmur128(content: Buffer): string {
  const mask = (1n << 64n) - 1n;
  const rotated = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (64n - by))) & mask;
  const finished = (word: bigint): bigint => {
    for (const factor of [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n]) word = ((word ^ (word >> 33n)) * factor) & mask;
    return word ^ (word >> 33n);
  };
  const c1 = 0x87c37b91114253d5n,
    c2 = 0x4cf5ad432745937fn;
  const first = (word: bigint): bigint => (rotated((word * c1) & mask, 31n) * c2) & mask;
  const second = (word: bigint): bigint => (rotated((word * c2) & mask, 33n) * c1) & mask;
  let h1 = 0n,
    h2 = 0n,
    at = 0;
  for (; at + 16 <= content.length; at += 16) {
    h1 = ((rotated(h1 ^ first(content.readBigUInt64LE(at)), 27n) + h2) * 5n + 0x52dce729n) & mask;
    h2 = ((rotated(h2 ^ second(content.readBigUInt64LE(at + 8)), 31n) + h1) * 5n + 0x38495ab5n) & mask;
  }
  const tail = Buffer.concat([content.subarray(at), Buffer.alloc(16)]);
  h2 ^= second(tail.readBigUInt64LE(8)) ^ BigInt(content.length);
  h1 ^= first(tail.readBigUInt64LE(0)) ^ BigInt(content.length);
  h1 = (h1 + h2) & mask;
  h2 = (h2 + h1) & mask;
  h1 = finished(h1);
  h2 = finished(h2);
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE((h1 + h2) & mask, 0);
  bytes.writeBigUInt64LE((h1 + 2n * h2) & mask, 8);
  return bytes.toString('hex');
}

it('agrees with the Murmur3-128 reference on random content of every length up to 300', () => {
  const random = randomBytes(300);
  for (let length = 0; length <= 300; length++) {
    const content = random.subarray(0, length);
    expect(digestOf('Murmur3-128', content, 13)).toBe(plainMurmur128(content));
  }
});

it('computes several in one pass', () => {
  const running = new RunningDigests(['SHA1-160', 'CRC-32']);
  running.update(contents[0]!);
  expect(running.digests()).toEqual({ 'SHA1-160': vectors['SHA1-160']![0], 'CRC-32': vectors['CRC-32']![0] });
});
