import { createHash } from 'node:crypto';
import { manifest } from '@coldroom/bagit';
import { BagMd5s, md5In } from './bag-md5';

const md5 = (path: Buffer): string => createHash('md5').update(path).digest('hex');
const names = ['plain', 'two  spaces', 'back\\slash', 'new\nline', '\r', '\\', '\\n', 'ä', ' lead'].map((name) =>
  Buffer.from(name),
);
names.push(Buffer.from([0xff, 0x0a, 0xfe]));
const content = manifest(
  names.map((path) => ({ digest: md5(path), path: Buffer.concat([Buffer.from('data/'), path]) })),
);

it('finds each name, and nothing else', () => {
  const of = md5In(content);
  expect(names.map(of)).toEqual(names.map(md5));
  for (const none of ['plai', 'plain ', 'n', 'new\\nline', 'data/plain']) expect(of(Buffer.from(none))).toBeUndefined();
  expect(md5In(Buffer.from(`${'a'.repeat(64)}  data/plain\nplain\n\n`))(names[0]!)).toBeUndefined();
});

it('reads a bag once while it is remembered, and one without a manifest each time', async () => {
  const read: string[] = [];
  const bags = new BagMd5s(async (bag) => {
    read.push(bag);
    return bag === 'none' ? undefined : content;
  }, 2);
  for (const bag of ['one', 'one', 'two', 'one', 'three', 'two', 'one', 'none', 'none']) await bags.of(bag);
  expect(read).toEqual(['one', 'two', 'three', 'one', 'none', 'none']);
});
