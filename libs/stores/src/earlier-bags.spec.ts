import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBag, tagFiles, type DescribedFile } from '@coldroom/bagit';
import { earlierBags, proveBySums, unpackEarlierBags } from '@coldroom/bagit/testing';
import type { Store } from '@coldroom/domain';
import { Files, identityOf, writeMarker } from '@coldroom/files';
import { openStore } from './open-store';
import { earlierStoredName, storedName } from './s3/keys';
import { parseStores } from './settings';
import { work } from './testing/conformance';
import { makeS3, type S3UnderTest } from './testing/s3';

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
let top: string;
let target: string;

beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'coldroom-earlier-'));
  unpackEarlierBags(top);
  target = join(top, 'target');
  mkdirSync(target);
  await writeMarker(target, 'ManagedRepository');
});
afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', top]);
  rmSync(top, { recursive: true });
});

/** Everything that is done with a sealed bag. */
async function expectWhole(store: Store, bag: string): Promise<void> {
  const { files } = await readBag(store, bag);
  const paths = files.map(({ copyPath }) => copyPath);
  const hex = (some: readonly Buffer[]): readonly string[] => some.map((each) => each.toString('hex')).sort();
  expect(hex((await store.list(bag)).map(({ path }) => path))).toEqual(hex(paths));
  const sizes = files.map(({ identity }) => identity.size);
  expect((await store.stat(bag, paths)).map((each) => [each?.size, each?.durable])).toEqual(
    sizes.map((size) => [size, 'yes']),
  );
  const read = await store.digest(bag, paths, ['SHA-256'], work());
  expect(read.map((each) => 'ok' in each && each.ok.digests['SHA-256'])).toEqual(
    files.map(({ digests }) => digests['SHA-256']),
  );
  const online = await store.bringOnline(bag, paths, work());
  expect(online.map((each) => 'ok' in each && each.ok.online)).toEqual(paths.map(() => true));
  const orders = files.map(({ copyPath, identity }, at) => ({
    path: copyPath,
    size: identity.size,
    target: { root: target, path: Buffer.from(`${store.kind}/${bag}/${at}`) },
  }));
  expect(await store.fetch(bag, orders, work())).toEqual(sizes.map((size) => ({ ok: { size } })));
  expect(files.map((_, at) => sha256(readFileSync(join(target, store.kind, bag, String(at)))))).toEqual(
    files.map(({ digests }) => digests['SHA-256']),
  );
  const description = { ...(await readBag(store, bag)) };
  const information = description.information.filter(([label]) => label.startsWith('Coldroom-'));
  const tags = tagFiles({ ...description, information }, 'sha256sum');
  await store.seal(bag, paths, tags, work());
  await expect(store.seal(bag, paths, tagFiles({ ...description, information }), work())).rejects.toMatchObject({
    code: 'BAG_SEALED',
  });
}

it.each(earlierBags)('%s is proven by sha256sum, where it is kept and where it was downloaded', (bag) => {
  for (const place of ['store', 'bucket']) proveBySums(join(top, place, bag));
});

describe('in a file store', () => {
  const files = new Files({ threads: 1 });
  let store: Store;
  beforeAll(async () => {
    await writeMarker(join(top, 'store'), 'main');
    mkdirSync(join(top, 'store/.open'));
    const settings = { kind: 'file', directory: join(top, 'store'), sameFileSystem: true, verify: 'cached' };
    const parsed = parseStores({ default: 'main', stores: { main: settings } });
    store = openStore('main', parsed.stores['main']!, { files, omeroRoots: [] });
  });
  afterAll(async () => {
    await store.close();
    await files.close();
  });

  it.each(earlierBags)('%s is read, listed, verified and fetched', (bag) => expectWhole(store, bag));
});

describe('in an S3 store', () => {
  let under: S3UnderTest;
  beforeAll(async () => {
    under = await makeS3();
    for (const bag of earlierBags)
      for (const entry of readdirSync(join(top, 'bucket', bag), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) {
          const file = join(entry.parentPath, entry.name);
          const key = `archive/one/${file.slice(join(top, 'bucket').length + 1)}`;
          await under.client.putObject(under.bucket, key, readFileSync(file));
        }
  });
  afterAll(() => under.cleanup());

  it.each(earlierBags)('%s is read, listed, verified and fetched', (bag) => expectWhole(under.store, bag));

  it('a bag that was open is continued: proven copies are kept under their keys, unproven ones replaced', async () => {
    const names = ['50% proven', '50% begun', 'plain', '[1]', '[2]', '[3]'];
    const paths = names.map((name) => Buffer.from(name));
    const sources = paths.map((path, at) => {
      writeFileSync(join(under.sourceDir, names[at]!), `content of ${names[at]}`);
      const identity = identityOf(lstatSync(join(under.sourceDir, names[at]!), { bigint: true }));
      return { root: under.sourceDir, path, copyPath: path, identity };
    });
    for (const [at, content] of [
      [0, 'content of 50% proven'],
      [1, 'begun'],
    ] as const)
      await under.client.putObject(under.bucket, `archive/one/bag-1/data/${earlierStoredName(paths[at]!)}`, content);

    await under.store.put('bag-1', sources.slice(1), work());

    const digests = await under.store.digest('bag-1', paths, ['SHA-256'], work());
    expect(digests.map((each) => 'ok' in each && each.ok.digests['SHA-256'])).toEqual(
      names.map((name) => sha256(Buffer.from(`content of ${name}`))),
    );
    const described = sources.map(({ path, copyPath, identity }, at) => ({
      ...{
        path,
        copyPath,
        identity,
        root: 'ManagedRepository',
        fileset: 'Fileset:1',
        originalFileId: 1n,
        pixelsId: null,
      },
      ...{ imageIds: [1n], owner: 'ada', group: 'Lab', omeroHash: null },
      digests: { 'SHA-256': sha256(Buffer.from(`content of ${names[at]}`)) },
    })) as unknown as readonly DescribedFile[];
    const tags = tagFiles({ bag: 'bag-1', date: new Date(0), files: described });
    await under.store.seal('bag-1', paths, tags, work());
    await under.store.seal('bag-1', paths, tags, work());
    const keys = (await under.client.listObjects(under.bucket, 'archive/one/bag-1/data/', true).toArray()) as readonly {
      readonly name: string;
    }[];
    expect(keys.map(({ name }) => name.slice('archive/one/bag-1/data/'.length)).sort()).toEqual(
      [earlierStoredName(paths[0]!), ...paths.slice(1).map(storedName)].sort(),
    );
    expect((await under.store.stat('bag-1', paths)).map((each) => each?.durable)).toEqual(names.map(() => 'yes'));
    await under.proveBag?.('bag-1');
  });

  it('a copy is found whose key of today would be too long', async () => {
    const path = Buffer.from(`${'['.repeat(250)}/${'['.repeat(250)}`);
    await expect(
      under.store.put(
        'bag-2',
        [
          {
            root: under.sourceDir,
            path,
            copyPath: path,
            identity: identityOf(lstatSync(under.sourceDir, { bigint: true })),
          },
        ],
        work(),
      ),
    ).resolves.toMatchObject([
      { error: { kind: 'refused', code: 'PATH_TOO_LONG', message: expect.stringContaining('percent-encoded') } },
    ]);
    await under.client.putObject(under.bucket, `archive/one/bag-2/data/${earlierStoredName(path)}`, 'x');
    expect(await under.store.stat('bag-2', [path])).toMatchObject([{ size: 1n }]);
  });
});
