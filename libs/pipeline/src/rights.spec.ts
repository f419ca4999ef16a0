import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecallUse, Store, StoreUse } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import type { Stores } from '@coldroom/stores';
import { Originals } from '@coldroom/trees';
import { checkHolds, checkOriginals, checkStores, serviceRights } from './rights';
import { HoldDirectories } from '@coldroom/trees';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'coldroom-rights-'));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

async function tree(name: string): Promise<string> {
  mkdirSync(join(top, name), { recursive: true });
  await writeMarker(join(top, name), name);
  return join(top, name);
}

it('are the same in the guide', () => {
  const guide = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'install.md'), 'utf8');
  const rows = Object.entries(serviceRights).map(
    ([service, { originals, hold, store, recall }]) =>
      `| \`${service}\` | ${originals} | ${hold} | ${store} | ${recall} |`,
  );
  for (const row of rows) expect(guide).toContain(`${row}\n`);
});

it('are not checked where the service needs none', async () => {
  await checkOriginals(new Originals('/not/there'), 'none');
  await checkHolds(new HoldDirectories(['/not/there']), 'none');
  const asked: unknown[] = [];
  const check = async (use: StoreUse, recall?: RecallUse): Promise<void> => void asked.push([use, recall]);
  const stores = { all: [{ check } as Partial<Store>] } as unknown as Stores;
  for (const rights of Object.values(serviceRights)) await checkStores(stores, rights);
  expect(asked).toEqual([
    ['read', 'read'],
    ['write', 'write'],
    ['write', 'none'],
    ['read', 'write'],
  ]);
});

it('require the managed repository, and of the other trees those that exist', async () => {
  const originals = new Originals(top);
  await expect(checkOriginals(originals, 'read')).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
  await checkOriginals(originals, 'read', []);
  await tree('ManagedRepository');
  await checkOriginals(originals, 'write');
  mkdirSync(join(top, 'Pixels')); // not marked: nothing in it is archived
  await checkOriginals(originals, 'write');
  await writeMarker(join(top, 'Pixels'), 'another name');
  await expect(checkOriginals(originals, 'read')).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
});

it('require every hold directory', async () => {
  const holds = new HoldDirectories([await tree('hold'), join(top, 'gone')]);
  await expect(checkHolds(holds, 'read')).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
});
