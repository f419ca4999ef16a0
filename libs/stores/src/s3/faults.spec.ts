import type { CopyDigest, Outcome, Source } from '@coldroom/domain';
import { identityOf } from '@coldroom/files';
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from '../testing/conformance';
import type { Fault } from '../testing/fault-proxy';
import { makeS3, type S3UnderTest } from '../testing/s3';

let under: S3UnderTest;
beforeEach(async () => {
  under = await makeS3({ silenceLimit: '1s' });
});
afterEach(() => under.cleanup());

const away = { kind: 'transient', code: 'STORE_UNAVAILABLE' };
const path = (name: string): Buffer => Buffer.from(name);
const source = (name: string): Source => ({
  root: under.sourceDir,
  path: path(name),
  copyPath: path(name),
  identity: identityOf(lstatSync(join(under.sourceDir, name), { bigint: true })),
});
const put = (...names: string[]): ReturnType<S3UnderTest['store']['put']> =>
  under.store.put('bag-1', names.map(source), work());
const digest = (...names: string[]): Promise<readonly Outcome<CopyDigest>[]> =>
  under.store.digest('bag-1', names.map(path), ['SHA-256'], work());

function write(name: string, content: Buffer | string = randomBytes(1000)): string {
  writeFileSync(join(under.sourceDir, name), content);
  return name;
}

/** Breaks the first request that matches, and those after it, as often as requested. */
function once(fits: (method: string, request: string) => boolean, fault: Fault, times = 1): void {
  let left = times;
  under.proxy.fault = (method, request) => (fits(method, request) && left-- > 0 ? fault : undefined);
}

async function expectWhole(...names: string[]): Promise<void> {
  const found = (await digest(...names)).map((each) => 'ok' in each && each.ok.digests['SHA-256']);
  expect(found).toEqual(
    names.map((name) =>
      createHash('sha256')
        .update(readFileSync(join(under.sourceDir, name)))
        .digest('hex'),
    ),
  );
}

describe('an answer that is lost after the server did the work', () => {
  it('does not matter if the copy is found there', async () => {
    const [one, two] = [write('one'), write('two')];
    once((method, request) => method === 'PUT' && request.endsWith('/one'), { kind: 'lost' });
    expect(await put(one, two)).toEqual([{ ok: { size: 1000n } }, { ok: { size: 1000n } }]);
    await expectWhole(one, two);
  });

  it('does not matter for a file in parts either', async () => {
    const large = write('large', randomBytes(11 * 1024 * 1024));
    once((method, request) => method === 'POST' && request.includes('uploadId='), { kind: 'lost' });
    expect(await put(large)).toEqual([{ ok: { size: 11n * 1024n * 1024n } }]);
    await expectWhole(large);
  });

  it('is reported if the store is then unavailable, and the next attempt puts the copy again', async () => {
    const one = write('one');
    once((method, request) => ['PUT', 'HEAD'].includes(method) && request.endsWith('/one'), { kind: 'lost' }, 2);
    await expect(put(one)).rejects.toMatchObject(away);
    expect(await put(one)).toEqual([{ ok: { size: 1000n } }]);
    await expectWhole(one);
  });

  it('does not matter to the tag files', async () => {
    const one = write('one');
    await put(one);
    const tags = [
      { name: 'tagmanifest-sha256.txt', content: Buffer.from('x  bagit.txt\n') },
      { name: 'bagit.txt', content: Buffer.from('BagIt') },
    ];
    for (const name of ['bagit.txt', 'tagmanifest-sha256.txt']) {
      once((method, request) => method === 'PUT' && request.endsWith(name), { kind: 'lost' });
      await expect(under.store.seal('bag-1', [path(one)], tags, work())).rejects.toMatchObject(away);
      expect(await under.store.stat('bag-1', [path(one)])).toMatchObject([
        { durable: name === 'bagit.txt' ? 'no' : 'yes' },
      ]);
    }
    await under.store.seal('bag-1', [path(one)], tags, work());
    expect(await under.store.stat('bag-1', [path(one)])).toMatchObject([{ durable: 'yes' }]);
  });
});

describe('a copy that is read back', () => {
  const isGet = (method: string, request: string): boolean => method === 'GET' && request.endsWith('/one');
  beforeEach(() => put(write('one', randomBytes(300_000))));

  it.each(['short', 'unsized'] as const)('is never mistaken for a shorter one (%s)', async (kind) => {
    once(isGet, { kind });
    expect(await digest('one')).toMatchObject([{ error: { kind: 'transient', code: 'COPY_CUT_SHORT' } }]);
    await expectWhole('one');
  });

  it.each(['cut', 'reset', 'silence'] as const)('is unavailable after a %s', async (kind) => {
    once(isGet, { kind });
    await expect(digest('one')).rejects.toMatchObject(away);
    await expectWhole('one');
  });
});

it.each(['reset', 'silence'] as const)('a put is unavailable after a %s, and lost nothing', async (kind) => {
  const names = ['one', 'two', 'three'].map((name) => write(name));
  once((method) => method === 'PUT', { kind }, 3);
  await expect(put(...names)).rejects.toMatchObject(away);
  expect(await put(...names)).toEqual(names.map(() => ({ ok: { size: 1000n } })));
  await expectWhole(...names);
});

it.each<[number, string, string, string]>([
  [503, 'SlowDown', 'STORE_BUSY', 'requestsInParallel'],
  [429, 'TooManyRequests', 'STORE_BUSY', ''],
  [503, 'ServiceUnavailable', 'STORE_UNAVAILABLE', ''],
  [500, 'InternalError', 'STORE_UNAVAILABLE', ''],
  [403, 'AccessDenied', 'STORE_DENIED', 'keys'],
  [403, 'RequestTimeTooSkewed', 'STORE_DENIED', 'clock'],
  [404, 'NoSuchBucket', 'STORE_UNAVAILABLE', 'no such bucket'],
  [507, 'InsufficientStorage', 'STORE_FULL', ''],
  [403, 'QuotaExceeded', 'STORE_FULL', ''],
  [307, 'TemporaryRedirect', 'STORE_UNAVAILABLE', 'Redirects'],
  [400, 'BadDigest', 'STORE_FAILED', 'BadDigest'],
])('an answer %i %s is %s', async (status, answered, code, word) => {
  const one = write('one');
  const secret = readFileSync(join(under.top, 'secret'), 'utf8').trim();
  once((method) => method === 'PUT', { kind: 'answer', status, code: answered });
  const error = await put(one).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error).toMatchObject({ kind: 'transient', code, message: expect.stringContaining(word) });
  expect(`${error?.message} ${JSON.stringify(error)}`).not.toMatch(new RegExp(`SECRET|${secret}`));
  expect(await put(one)).toEqual([{ ok: { size: 1000n } }]);
});

it('does not accept a listing without its end as complete', async () => {
  const one = write('one');
  await put(one);
  await under.store.seal(
    'bag-1',
    [path(one)],
    [{ name: 'tagmanifest-sha256.txt', content: Buffer.from('none') }],
    work(),
  );
  once((method, request) => method === 'GET' && request.includes('list-type=2'), { kind: 'short' });
  await expect(put(one)).rejects.toMatchObject(away);
  await expect(put(one)).rejects.toMatchObject({ code: 'BAG_SEALED' });
});

it('does not count a copy as put if the server holds it in another size', async () => {
  const [one, two] = [write('one'), write('two')];
  under.proxy.fault = (method, request) =>
    method === 'GET' && request.includes('prefix=archive/one/bag-1/data/')
      ? { kind: 'edit', edit: (body) => body.replace('<Size>1000<', '<Size>999<') }
      : undefined;
  expect(await put(one, two)).toMatchObject([
    { error: { kind: 'transient', code: 'COPY_CUT_SHORT' } },
    { ok: { size: 1000n } },
  ]);
});

it.each([
  ['XMinioInvalidObjectName', 'refused', 'NAME_NOT_KEPT'],
  ['InvalidArgument', 'transient', 'STORE_FAILED'],
])('a name that the server answers with %s is %s, and other files are copied', async (answered, kind, code) => {
  const paths = ['one', 'odd', 'two'].map((name) => write(name));
  once((method, request) => method === 'PUT' && request.endsWith('/odd'), {
    kind: 'answer',
    status: 400,
    code: answered,
  });
  expect(await put(...paths)).toMatchObject([{ ok: {} }, { error: { kind, code } }, { ok: {} }]);
});

it.each(['reset', 'silence'] as const)(
  'removes what it has put into a full store, also if a removal fails at first (%s)',
  async (kind) => {
    const [small, large] = [write('small'), write('large')];
    let deletions = 0;
    under.proxy.fault = (method, request) => {
      if (method === 'PUT' && request.endsWith('/large')) return { kind: 'answer', status: 403, code: 'QuotaExceeded' };
      return method === 'DELETE' && ++deletions === 1 ? { kind } : undefined;
    };
    await expect(put(small, large)).rejects.toMatchObject({ kind: 'transient', code: 'STORE_FULL' });
    expect(deletions).toBeGreaterThan(1);
    expect(await under.store.stat('bag-1', [path(small)])).toEqual([undefined]);
  },
);

it('never replaces what was put meanwhile at the same key', async () => {
  const one = write('one');
  once((method, request) => method === 'PUT' && request.endsWith('/one'), {
    kind: 'answer',
    status: 412,
    code: 'PreconditionFailed',
  });
  expect(await put(one)).toMatchObject([{ error: { kind: 'transient', code: 'COPY_IN_THE_WAY' } }]);
  expect(await put(one)).toMatchObject([{ ok: {} }]);
});

it('requires the server itself never to replace', async () => {
  const headers: unknown[] = [];
  under.proxy.fault = (method, request, { 'if-none-match': ifNoneMatch }) => {
    if (method === 'PUT' && request.includes('/data/')) headers.push(ifNoneMatch);
    return undefined;
  };
  await put(write('one'));
  expect(headers).toEqual(['*']);
});
