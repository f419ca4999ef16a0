import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { identify } from './fresh';

const dir = mkdtempSync(join(tmpdir(), 'files-fresh-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('many looks at once each get their own answer: only what is absent counts as absent', async () => {
  writeFileSync(join(dir, 'file'), 'x');
  symlinkSync('loop', join(dir, 'loop'));
  const expected: Readonly<Record<string, string>> = {
    file: 'found',
    missing: 'absent',
    'file/below': 'ENOTDIR',
    'loop/below': 'ELOOP',
    ['n'.repeat(300)]: 'ENAMETOOLONG',
  };
  const names = Object.keys(expected);
  const asked = Array.from({ length: 2000 }, (_, nr) => names[(nr * 7919) % names.length] as string);
  const answers = await Promise.all(
    asked.map((name) =>
      identify(join(dir, name)).then(
        (found) => (found === null ? 'absent' : 'found'),
        (error: unknown) => codeOf(error),
      ),
    ),
  );
  expect(asked.filter((name, at) => answers[at] !== expected[name])).toEqual([]);
});
