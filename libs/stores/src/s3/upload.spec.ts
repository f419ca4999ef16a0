import type { Source, Work } from '@coldroom/domain';
import { identityOf } from '@coldroom/files';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { work } from '../testing/conformance';
import { makeS3, type S3UnderTest } from '../testing/s3';

const partBytes = 5 * 1024 * 1024;
let under: S3UnderTest;
beforeEach(async () => {
  under = await makeS3({ partsInParallel: 1 });
  write(randomBytes(3 * partBytes - 1000));
});
afterEach(() => under.cleanup());

const large = Buffer.from('large');
const write = (content: Buffer): void => writeFileSync(join(under.sourceDir, 'large'), content);
const source = (): Source => ({
  root: under.sourceDir,
  path: large,
  copyPath: large,
  identity: identityOf(lstatSync(join(under.sourceDir, 'large'), { bigint: true })),
});
const put = (bounds: Work = work()): ReturnType<S3UnderTest['store']['put']> =>
  under.store.put('bag-1', [source()], bounds);
const partsSent = (): number =>
  under.proxy.seen.filter((each) => each.startsWith('PUT') && each.includes('partNumber=')).length;
const key = 'archive/one/bag-1/data/large';

async function unfinished(): Promise<readonly { readonly key: string; readonly uploadId: string }[]> {
  return (await under.client.listIncompleteUploadsQuery(under.bucket, 'archive/one/', '', '', '')).uploads.map(
    ({ key: at, uploadId }) => ({ key: at, uploadId }),
  );
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of under.client.listObjects(under.bucket, '', true) as AsyncIterable<{ name: string }>)
    found.push(name);
  return found;
}

async function expectWhole(): Promise<void> {
  const [outcome] = await under.store.digest('bag-1', [large], ['SHA-256'], work());
  expect(outcome).toMatchObject({
    ok: {
      digests: {
        'SHA-256': createHash('sha256')
          .update(readFileSync(join(under.sourceDir, 'large')))
          .digest('hex'),
      },
    },
  });
}

/** A separate process that runs the compiled code, killed after that step. */
function putAndDie(crashAt: string): void {
  const script = `
    const { Files, identityOf } = require(${JSON.stringify(resolve(__dirname, '../../../files/dist'))});
    const { openStore, parseStores } = require(${JSON.stringify(resolve(__dirname, '../../dist'))});
    const settings = parseStores({ default: 'main', stores: { main: ${JSON.stringify({ ...under.settings, endpoint: under.proxy.url })} } }).stores.main;
    const root = ${JSON.stringify(under.sourceDir)};
    const store = openStore('main', settings, { files: new Files({ threads: 1 }), omeroRoots: [], crashPoints: { crashAt: ${JSON.stringify(crashAt)} } });
    const path = Buffer.from('large');
    const identity = identityOf(require('node:fs').lstatSync(root + '/large', { bigint: true }));
    store.put('bag-1', [{ root, path, copyPath: path, identity }], { deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n), signal: new AbortController().signal, progress: () => {} })
      .then((outcomes) => { console.error(outcomes); process.exit(3); }, (error) => { console.error(error); process.exit(4); });`;
  const { signal, stderr } = spawnSyncBesideProxy(script);
  if (signal !== 'SIGKILL') throw new Error(`it was not killed: ${stderr}`);
}

/** The proxy runs in this process, which spawnSync would block: the child connects to the server directly. */
function spawnSyncBesideProxy(script: string): ReturnType<typeof spawnSync> {
  const direct = script.replaceAll(under.proxy.url, (JSON.parse(process.env['TEST_S3']!) as { url: string }).url);
  return spawnSync(process.execPath, ['-e', direct], { encoding: 'utf8' });
}

it('sends a large file in parts, and leaves nothing but the copy', async () => {
  expect(await put()).toEqual([{ ok: { size: BigInt(3 * partBytes - 1000) } }]);
  expect(partsSent()).toBe(3);
  expect([await unfinished(), await keys()]).toEqual([[], [key]]);
  await expectWhole();
});

it('resumes after a crash with the missing parts', async () => {
  putAndDie('copy:2-partly-written:2');
  expect(await unfinished()).toHaveLength(1);
  expect(await under.store.stat('bag-1', [large])).toEqual([undefined]);
  await put();
  expect(partsSent()).toBe(1);
  expect([await unfinished(), await keys()]).toEqual([[], [key]]);
  await expectWhole();
});

it('starts again if the source is another file by now', async () => {
  putAndDie('copy:2-partly-written:2');
  write(randomBytes(3 * partBytes - 1000));
  await put();
  expect(partsSent()).toBe(3);
  expect(await unfinished()).toEqual([]);
  await expectWhole();
});

it('sends a part again if it differs from the source', async () => {
  putAndDie('copy:2-partly-written:2');
  const [upload] = await unfinished();
  await under.client.uploadPart(
    { bucketName: under.bucket, objectName: key, uploadID: upload!.uploadId, partNumber: 1, headers: {} },
    randomBytes(partBytes),
  );
  await put();
  expect(partsSent()).toBe(2);
  await expectWhole();
});

it('starts again if the upload is gone, and aborts one that has no record', async () => {
  putAndDie('copy:2-partly-written:2');
  const [upload] = await unfinished();
  await under.client.abortMultipartUpload(under.bucket, key, upload!.uploadId);
  await under.client.initiateNewMultipartUpload(under.bucket, key, {});
  await put();
  expect(partsSent()).toBe(3);
  expect(await unfinished()).toEqual([]);
  await expectWhole();
});

it('keeps nothing of a source that changes meanwhile', async () => {
  under.proxy.fault = (method, path) => {
    if (method === 'PUT' && path.includes('partNumber=2')) appendFileSync(join(under.sourceDir, 'large'), 'more');
    return undefined;
  };
  expect(await put()).toMatchObject([{ error: { kind: 'refused', code: 'SOURCE_CHANGED' } }]);
  expect([await unfinished(), await keys()]).toEqual([[], []]);
});

it('stops when its claim runs out, and resumes with the parts that are there', async () => {
  const bounds = work();
  under.proxy.fault = (method, path) => {
    if (method === 'PUT' && path.includes('partNumber=2')) Atomics.store(bounds.deadline, 0, 0n);
    return undefined;
  };
  await expect(put(bounds)).rejects.toMatchObject({ kind: 'transient', code: 'CLAIM_LOST' });
  expect(await unfinished()).toHaveLength(1);
  under.proxy.fault = () => undefined;
  await put();
  expect(partsSent()).toBe(3);
  await expectWhole();
});

it('leaves no unfinished upload in a sealed bag', async () => {
  putAndDie('copy:2-partly-written:1');
  writeFileSync(join(under.sourceDir, 'small'), 'x');
  const small = Buffer.from('small');
  await under.store.put(
    'bag-1',
    [
      {
        ...source(),
        path: small,
        copyPath: small,
        identity: identityOf(lstatSync(join(under.sourceDir, 'small'), { bigint: true })),
      },
    ],
    work(),
  );
  await under.store.seal(
    'bag-1',
    [small],
    [{ name: 'tagmanifest-sha256.txt', content: Buffer.from('none\n') }],
    work(),
  );
  expect([await unfinished(), await keys()]).toEqual([
    [],
    ['archive/one/bag-1/data/small', 'archive/one/bag-1/tagmanifest-sha256.txt'],
  ]);
});
