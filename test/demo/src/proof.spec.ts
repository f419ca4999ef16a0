import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proveBags } from './proof';

const top = mkdtempSync(join(tmpdir(), 'coldroom-proof-'));
afterAll(() => rmSync(top, { recursive: true }));

const none = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

it('proves sealed bags, and counts those that are still under way instead of calling them damaged', async () => {
  for (const bag of ['sealed', 'open']) {
    mkdirSync(join(top, bag, 'data'), { recursive: true });
    writeFileSync(join(top, bag, 'data/50%'), '');
  }
  writeFileSync(join(top, 'sealed/sha256sum.txt'), `${none}  data/50%\n`);
  writeFileSync(join(top, 'sealed/tagmanifest-sha256.txt'), `${none}  data/50%\n`);
  expect(await proveBags(top, new Set(['sealed']))).toEqual({ count: 1, open: 1, faults: [] });
  const { count, faults } = await proveBags(top, new Set(['sealed', 'open']));
  expect(count).toBe(2);
  expect(faults[0]).toMatch(/^bag open: manifest-sha256.txt: .*No such file/);
});
