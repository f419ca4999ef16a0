/** Names that Linux allows and that a store may fail to carry. */
export const odd = [
  'with spaces .tif',
  'new\nline',
  'carriage\r',
  'back\\slash',
  '100%25.tif',
  '-rf',
  '*',
  '~',
  'e\u0301-\u00e9 日本',
  '.hidden',
  '..x',
  'y'.repeat(200),
].map((name) => Buffer.from(name));
odd.push(Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x74]));

export const [small, empty, large, dropped] = ['small', 'empty', 'large', 'dropped'].map((name) =>
  Buffer.from(name),
) as [Buffer, Buffer, Buffer, Buffer];

/** Those that are in the bag when it is sealed. */
export const kept = [small, empty, large, ...odd];
