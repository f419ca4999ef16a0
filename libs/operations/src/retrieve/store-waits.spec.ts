import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Surroundings } from '../surroundings';
import { storeWaits } from './store-waits';

const directory = mkdtempSync(join(tmpdir(), 'coldroom-waits-'));
afterAll(() => rmSync(directory, { recursive: true }));

const path = join(directory, 'stores.json');
const cloud = {
  kind: 's3',
  endpoint: 'https://s3.example.org',
  bucket: 'archive',
  accessKeyFile: '/k',
  secretKeyFile: '/s',
  recallDirectory: '/recalled',
};
writeFileSync(
  path,
  JSON.stringify({
    default: 'main',
    stores: {
      main: { kind: 'file', directory: '/archive' },
      warm: { ...cloud, prefix: 'warm' },
      cold: { ...cloud, prefix: 'cold', storageClass: 'DEEP_ARCHIVE', restoreTier: 'Bulk' },
    },
  }),
);

const around = (env: NodeJS.ProcessEnv): Surroundings => ({ env }) as Surroundings;
const plan = {
  fetch: ['main', 'warm', 'cold', 'gone'].map((store) => ({ store, files: 1, bytes: 1n })),
  filesets: 1,
  images: 1,
  held: { files: 0, bytes: 0n },
  underWay: { files: 0, bytes: 0n },
  notArchived: { files: 0, filesets: 0, states: [] },
};

it('names the stores whose copies cannot be fetched at once', async () => {
  expect(await storeWaits(around({ COLDROOM_STORES: path }), plan)).toEqual([
    { store: 'cold', kind: 'class', storageClass: 'DEEP_ARCHIVE', tier: 'Bulk', duration: 'up to 48 hours' },
  ]);
});

it('knows nothing where this machine does not know the stores', async () => {
  expect(await storeWaits(around({}), plan)).toEqual([]);
});
