import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markerName } from '@coldroom/files';
import type { Workbench } from '@coldroom/pipeline/testing';
import { settingsOf, workbench } from './testing/archived';
import { coldroom, json } from './testing/command-line';

let bench: Workbench;
let env: Record<string, string>;
beforeAll(async () => {
  bench = await workbench('store');
  env = await settingsOf(bench);
});
afterAll(() => bench.close());

const left = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('coldroom-validate-'));

it('checks that a store keeps its guarantees, and reports what is left there', async () => {
  expect((await coldroom(['store', 'validate', 'main'], env)).code).toBe(2);
  expect(readdirSync(bench.storeDir).filter((name) => name.startsWith('validate-'))).toEqual([]);
  const before = left();
  const ended = await coldroom(['store', 'validate', 'main', '--yes'], env);
  const [bag] = readdirSync(bench.storeDir).filter((name) => name.startsWith('validate-'));
  expect(ended).toMatchObject({
    code: 0,
    stdout: `Store main kept what was tried.\nThe sealed bag ${bag} stays in the store, at ${join(bench.storeDir, bag!)}. Coldroom deletes nothing; "coldroom rebuild" passes it by.\n`,
  });
  expect(ended.stderr).toContain('kept   gives back at once what was put');
  expect(existsSync(join(bench.storeDir, bag!, 'manifest-sha256.txt'))).toBe(true);
  expect(left()).toEqual(before);
});

it('ends with 1 where a guarantee is broken', async () => {
  rmSync(join(bench.storeDir, '.open'), { recursive: true, force: true });
  rmSync(join(bench.storeDir, markerName));
  const ended = await coldroom(['store', 'validate', 'main', '--yes', '--json'], env);
  expect(ended.code).toBe(1);
  expect(json<{ findings: { outcome: string; reason: string }[] }>(ended).findings[0]).toMatchObject({
    outcome: 'broken',
    reason: expect.stringContaining('STORE_UNAVAILABLE'),
  });
  expect(await coldroom(['store', 'list', '--json'], env)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('STORE_UNAVAILABLE'),
  });
});

it('lists stores, and refuses unknown ones', async () => {
  const other = await workbench('storelist');
  const settings = await settingsOf(other);
  expect(await coldroom(['store', 'list'], settings)).toMatchObject({
    code: 0,
    stdout:
      'store  kind    default  check\nmain   file    yes      can be used\nother  file             can be used\nboth   copies           can be used\n',
  });
  expect((await coldroom(['store', 'validate', 'tape', '--yes'], settings)).stderr).toContain(
    'The settings name no store "tape"',
  );
  await other.close();
});
