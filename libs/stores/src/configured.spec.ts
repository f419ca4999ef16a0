import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Files, writeMarker } from '@coldroom/files';
import { openConfiguredStores } from './configured';
import { makeS3, type S3UnderTest } from './testing/s3';

let under: S3UnderTest;
let files: Files;
beforeAll(async () => {
  under = await makeS3();
  files = new Files({ threads: 1 });
});
afterAll(async () => {
  await files.close();
  await under.cleanup();
});

const inFile = { accessKeyFile: () => join(under.top, 'access'), secretKeyFile: () => join(under.top, 'secret') };
const byName = { accessKeyEnv: () => 'ACCESS', secretKeyEnv: () => 'SECRET' };

function storesFile(keys: Readonly<Record<string, () => string>>): string {
  const { accessKeyFile: _a, secretKeyFile: _s, ...rest } = under.settings;
  const path = join(under.top, 'stores.json');
  const named = Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, value()]));
  writeFileSync(path, JSON.stringify({ default: 'main', stores: { main: { ...rest, ...named } } }));
  return path;
}

const secrets = (name: string): string | undefined =>
  ({
    ACCESS: readFileSync(join(under.top, 'access'), 'utf8'),
    SECRET: readFileSync(join(under.top, 'secret'), 'utf8'),
  })[name];

const markers = { expect: async () => undefined, confirm: async () => undefined };

describe('openConfiguredStores', () => {
  it.each([
    ['both keys in files', inFile],
    ['both keys in environment variables', byName],
    ['one of each', { accessKeyFile: inFile.accessKeyFile, secretKeyEnv: byName.secretKeyEnv }],
    ['one of each, the other way', { accessKeyEnv: byName.accessKeyEnv, secretKeyFile: inFile.secretKeyFile }],
  ])('opens a store with %s', async (_, keys) => {
    const places = { COLDROOM_STORES: storesFile(keys), OMERO_DATA_DIR: under.top };
    const stores = await openConfiguredStores(places, { files, secrets, markers });
    await expect(stores.default.check('write')).resolves.toBeUndefined();
    await stores.close();
  });

  it('allows no store inside the OMERO data directory', async () => {
    const path = join(under.top, 'inside.json');
    const directory = join(under.top, 'ManagedRepository', 'store');
    writeFileSync(path, JSON.stringify({ default: 'main', stores: { main: { kind: 'file', directory } } }));
    mkdirSync(directory);
    await writeMarker(directory, 'main');
    const places = { COLDROOM_STORES: path, OMERO_DATA_DIR: under.top };
    const stores = await openConfiguredStores(places, { files, secrets, markers });
    await expect(stores.default.check('read')).rejects.toMatchObject({ code: 'STORE_INSIDE_OMERO' });
  });
});
