import { checksum, type ChecksumAlgorithm } from './checksums';

// From OME's unit tests (abc, empty) and Guava 31.1 (the others).
const KNOWN: ReadonlyArray<readonly [ChecksumAlgorithm, string, string, string, string]> = [
  [
    'SHA1-160',
    'a9993e364706816aba3e25717850c26c9cd0d89d',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'd7e0d5b80a92a1cd3f06a97eeba2d3da2d9f92ed',
    'bef3595266a65a2ff36b700a75e8ed95c68210b6',
  ],
  [
    'MD5-128',
    '900150983cd24fb0d6963f7d28e17f72',
    'd41d8cd98f00b204e9800998ecf8427e',
    'c85a54079ebcb0fef41284e00e6b3795',
    '879f4bba57ed37c9ec5e5aedf9864698',
  ],
  ['Adler-32', '27014d02', '01000000', '83018604', '01002143'],
  ['CRC-32', 'c2412435', '00000000', '9994406d', '9ecb7912'],
  ['Murmur3-32', 'fa93ddb3', '00000000', 'fded1378', '49353da7'],
  [
    'Murmur3-128',
    '6778ad3f3f3f96b4522dca264174a23b',
    '0'.repeat(32),
    '7ec118fe662abeb4d478f43b29c8e576',
    '19359f7222322f790351d2ab81bd584d',
  ],
  ['File-Size-64', '0300000000000000', '0'.repeat(16), '0500000000000000', '40420f0000000000'],
];

test.each(KNOWN)('%s is what OMERO writes', (algorithm, abc, empty, omero, zeros) => {
  const of = (...chunks: Buffer[]): string => {
    const sum = checksum(algorithm);
    for (const chunk of chunks) sum.update(chunk);
    return sum.hex();
  };
  expect(of(Buffer.from('abc'))).toBe(abc);
  expect(of()).toBe(empty);
  expect(of(Buffer.from('OM'), Buffer.from('ERO'))).toBe(omero);
  expect(of(Buffer.alloc(400_001), Buffer.alloc(599_999))).toBe(zeros);
});
