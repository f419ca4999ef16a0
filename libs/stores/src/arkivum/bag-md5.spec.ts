import { createHash } from 'node:crypto';
import { manifest, type NameForm } from '@coldroom/bagit';
import { BagMd5s, md5In } from './bag-md5';

const md5 = (path: Buffer): string => createHash('md5').update(path).digest('hex');
const names = ['plain', 'two  spaces', 'back\\slash', 'new\nline', '\r', '\\', '\\n', 'ä', ' lead', 'a%', 'a%25'].map(
  (name) => Buffer.from(name),
);
names.push(Buffer.from([0xff, 0x0a, 0xfe]));
const content = (form: NameForm): Buffer =>
  manifest(
    names.map((path) => ({ digest: md5(path), path: Buffer.concat([Buffer.from('data/'), path]) })),
    form,
  );

it.each(['RFC 8493', 'sha256sum'] as const)('finds each name by the rules of %s, and nothing else', (form) => {
  const of = md5In(content(form), form);
  expect(names.map(of)).toEqual(names.map(md5));
  for (const none of ['plai', 'plain ', 'n', 'new\\nline', 'data/plain']) expect(of(Buffer.from(none))).toBeUndefined();
  expect(md5In(Buffer.from(`${'a'.repeat(64)}  data/plain\nplain\n\n`), form)(names[0]!)).toBeUndefined();
});

it('reads a bag once while it is remembered, and one without a manifest each time', async () => {
  const read: string[] = [];
  const bags = new BagMd5s(async (bag, name) => {
    if (name === 'bag-info.txt') return Buffer.from(bag === 'two' ? 'Coldroom-Manifest-Names: RFC 8493\n' : '');
    read.push(bag);
    return bag === 'none' ? undefined : content(bag === 'two' ? 'RFC 8493' : 'sha256sum');
  }, 2);
  for (const bag of ['one', 'two']) expect(names.map(await bags.of(bag))).toEqual(names.map(md5));
  read.length = 0;
  for (const bag of ['one', 'one', 'two', 'one', 'three', 'two', 'one', 'none', 'none']) await bags.of(bag);
  expect(read).toEqual(['three', 'one', 'none', 'none']);
});
