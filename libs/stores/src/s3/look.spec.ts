import type { CopyStatus } from '@coldroom/domain';
import { identityOf } from '@coldroom/files';
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from '../testing/conformance';
import { makeS3, type S3UnderTest } from '../testing/s3';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const paths = names.map((name) => Buffer.from(name));
const seals = [
  { name: 'bagit.txt', content: Buffer.from('BagIt') },
  { name: 'tagmanifest-sha256.txt', content: Buffer.from('none\n') },
];
const content = (name: string): string => `content of ${name}`;
const keyOf = (name: string): string => `archive/one/bag-1/data/${name}`;

let under: S3UnderTest;
beforeEach(async () => {
  under = await makeS3({ requestsInParallel: 1 });
}); // in order: the first and the last copy are the samples
afterEach(() => under.cleanup());

async function put(large?: Buffer): Promise<void> {
  for (const name of names) writeFileSync(join(under.sourceDir, name), name === 'c' && large ? large : content(name));
  await under.store.put(
    'bag-1',
    names.map((name, at) => ({
      root: under.sourceDir,
      path: paths[at]!,
      copyPath: paths[at]!,
      identity: identityOf(lstatSync(join(under.sourceDir, name), { bigint: true })),
    })),
    work(),
  );
}
const seal = (): Promise<void> => under.store.seal('bag-1', paths, seals, work());
const stat = (): Promise<readonly (CopyStatus | undefined)[]> => under.store.stat('bag-1', paths);
const durable = async (): Promise<unknown[]> => (await stat()).map((each) => each?.durable);

/** The versions that were read, as the register would have them. */
async function versions(): Promise<string[]> {
  return (await under.store.digest('bag-1', paths, ['SHA-256'], work())).map((each) =>
    'ok' in each ? each.ok.version : each.error.code,
  );
}

async function requestsOf(act: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const { length } = under.proxy.seen;
  await act();
  const counts: Record<string, number> = {};
  for (const each of under.proxy.seen.slice(length)) {
    const kind = each.includes('list-type=2') ? 'list' : each.split(' ')[0]!;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function headSays(name: string, headers: Record<string, string>): void {
  const before = under.proxy.fault;
  under.proxy.fault = (method, request, sent) =>
    method === 'HEAD' && request.endsWith(`/${name}`) ? { kind: 'headers', headers } : before(method, request, sent);
}

it('sends one request for each copy that is put, read or fetched, and one for all inspected', async () => {
  expect(await requestsOf(put)).toEqual({ list: 3, PUT: 6 });
  expect(await requestsOf(versions)).toEqual({ list: 1, GET: 6 });
  expect(await requestsOf(stat)).toEqual({ HEAD: 3, list: 1 });
  await seal();
  expect(await requestsOf(stat)).toEqual({ HEAD: 3, list: 1 });
  expect(await requestsOf(() => under.store.bringOnline('bag-1', paths, work()))).toEqual({ list: 2 });
  const orders = names.map((name, at) => ({
    path: paths[at]!,
    size: BigInt(content(name).length),
    target: { root: join(under.top, 'recalled'), path: Buffer.from(`new/${name}`) },
  }));
  expect(await requestsOf(() => under.store.fetch('bag-1', orders, work()))).toEqual({ list: 1, GET: 6 });
});

it('reports the same version by a listing, a head and a read, whole or in parts', async () => {
  await put(randomBytes(6 * 1024 * 1024));
  const read = await versions();
  expect((await stat()).map((each) => each?.version)).toEqual(read);
  expect(await requestsOf(stat)).toEqual({ HEAD: 4, list: 1 });
  for (const [at, path] of paths.entries())
    expect((await under.store.stat('bag-1', [path]))[0]?.version).toBe(read[at]);
});

it('detects a replaced or removed copy, in an open and in a sealed bag', async () => {
  await put();
  const read = await versions();
  const changed = async (): Promise<string[]> =>
    (await stat()).flatMap((each, at) =>
      each?.version === read[at] ? [] : [`${names[at]} ${each ? 'changed' : 'gone'}`],
    );
  await under.client.putObject(under.bucket, keyOf('c'), 'CONTENT OF C');
  expect(await changed()).toEqual(['c changed']);
  await seal();
  expect(await changed()).toEqual(['c changed']);
  await under.client.removeObject(under.bucket, keyOf('d'));
  expect(await changed()).toEqual(['c changed', 'd gone']);
});

it('detects a copy that was replaced by an identical one, if the bucket has versions', async () => {
  await under.client.setBucketVersioning(under.bucket, { Status: 'Enabled' });
  await put();
  const read = await versions();
  expect(new Set(read.map((each) => each.split(':')[1])).size).toBe(6);
  expect((await stat()).map((each) => each?.version)).toEqual(read);
  await under.client.putObject(under.bucket, keyOf('c'), content('c'));
  expect((await stat()).map((each, at) => each?.version === read[at])).toEqual([true, true, false, true, true, true]);
});

it.each([
  ['copies', ['a', 'b', 'd', 'e', 'f']],
  ['seal', ['tagmanifest-sha256.txt']],
])('requests every replication mark if its %s have one', async (_, marked) => {
  await put();
  await seal();
  expect(await durable()).toEqual(Array(6).fill('yes'));
  headSays('c', { 'x-amz-replication-status': 'FAILED' });
  for (const name of marked) headSays(name, { 'x-amz-replication-status': 'COMPLETED' });
  expect(await durable()).toEqual(['yes', 'yes', 'no', 'yes', 'yes', 'yes']);
});

it('requests every mark if replication is required', async () => {
  await put();
  await seal();
  headSays('c', { 'x-amz-replication-status': 'COMPLETED' }); // no sample
  expect((await under.open({ replication: 'required' }).stat('bag-1', paths)).map((each) => each?.durable)).toEqual([
    'no',
    'no',
    'yes',
    'no',
    'no',
    'no',
  ]);
});

it('does not trust a listing whose dates differ from those of the objects', async () => {
  await put();
  const read = await versions();
  under.proxy.fault = (_, request) =>
    request.includes('list-type=2')
      ? { kind: 'edit', edit: (body) => body.replace(/<LastModified>\d{4}/g, '<LastModified>1999') }
      : undefined;
  expect((await stat()).map((each) => each?.version)).toEqual(read);
});

it('inspects a copy directly if a listing does not name it', async () => {
  await put();
  const read = await versions();
  under.proxy.fault = (_, request) =>
    request.includes('list-type=2')
      ? { kind: 'edit', edit: (body) => body.replace(/<Contents><Key>[^<]*c<.*?<\/Contents>/s, '') }
      : undefined;
  expect((await stat()).map((each) => each?.version)).toEqual(read);
  expect(await requestsOf(stat)).toEqual({ HEAD: 4, list: 1 });
  expect(await versions()).toEqual(read);
});

it('inspects each copy if the bag was sealed long ago: an index may name lost objects', async () => {
  await put();
  await seal();
  under.proxy.fault = (method, request) =>
    method === 'HEAD' && request.endsWith('/c') ? { kind: 'answer', status: 404, code: 'NoSuchKey' } : undefined;
  expect(await durable()).toEqual(Array(6).fill('yes'));
  headSays('tagmanifest-sha256.txt', { date: new Date(Date.now() + 3_700_000).toUTCString() });
  expect(await durable()).toEqual(['yes', 'yes', undefined, 'yes', 'yes', 'yes']);
});

it('accepts no shorter answer for a fetched copy, and detects another size', async () => {
  await put();
  await seal();
  const order = (size: bigint): Parameters<typeof under.store.fetch>[1] => [
    { path: paths[0]!, size, target: { root: join(under.top, 'recalled'), path: Buffer.from('new/a') } },
  ];
  under.proxy.fault = (method, request) => (method === 'GET' && request.endsWith('/a') ? { kind: 'short' } : undefined);
  expect(await under.store.fetch('bag-1', order(12n), work())).toMatchObject([
    { error: { kind: 'transient', code: 'COPY_CUT_SHORT' } },
  ]);
  under.proxy.fault = () => undefined;
  expect(await under.store.fetch('bag-1', order(6n), work())).toMatchObject([
    { error: { kind: 'refused', code: 'COPY_SIZE' } },
  ]);
});

it('sends with each body its SHA-256, which the server checks', async () => {
  const sums: unknown[] = [];
  under.proxy.fault = (method, _, headers) => {
    if (method === 'PUT') sums.push(headers['x-amz-content-sha256']);
    return undefined;
  };
  const large = randomBytes(6 * 1024 * 1024);
  const sha256 = (body: string | Buffer): string => createHash('sha256').update(body).digest('hex');
  await put(large);
  expect(sums).toEqual(
    expect.arrayContaining([
      sha256(content('a')),
      sha256(large.subarray(0, 5 * 1024 * 1024)),
      sha256(large.subarray(5 * 1024 * 1024)),
    ]),
  );
});
