import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transferClasses, transferFile, type Transfer } from './transfers';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-transfers-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test.each(Object.keys(transferClasses) as Transfer[])('%s replaces nothing', async (transfer) => {
  const [source, target] = [join(dir, 'source'), join(dir, 'target')];
  writeFileSync(source, 'new');
  writeFileSync(target, 'old');
  await expect(transferFile(transfer, source, target, 'SHA1-160')).rejects.toThrow(/exist/);
  expect(readFileSync(target, 'utf8')).toBe('old');
  expect(lstatSync(target).nlink).toBe(1);
});
