import type { CopyDigest, Outcome } from '@coldroom/domain';
import { Files, identityOf, writeMarker } from '@coldroom/files';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../open-store';
import { parseStores } from '../settings';
import { work } from '../testing/conformance';
import { makeS3, type S3UnderTest } from '../testing/s3';

const path = Buffer.from('file');
const seals = [{ name: 'tagmanifest-sha256.txt', content: Buffer.from('none\n') }];

describe('a copy in a sealed bag', () => {
  let under: S3UnderTest;
  beforeEach(async () => {
    under = await makeS3();
    writeFileSync(join(under.sourceDir, 'file'), 'content');
    await under.store.put(
      'bag-1',
      [
        {
          root: under.sourceDir,
          path,
          copyPath: path,
          identity: identityOf(lstatSync(join(under.sourceDir, 'file'), { bigint: true })),
        },
      ],
      work(),
    );
    await under.store.seal('bag-1', [path], seals, work());
  });
  afterEach(() => under.cleanup());

  const isCopy = (request: string): boolean => request.endsWith('/data/file');
  const answerWith = (headers: Record<string, string>): void => {
    under.proxy.fault = (method, request) =>
      method === 'HEAD' && isCopy(request) ? { kind: 'headers', headers } : undefined;
  };

  it.each([
    ['PENDING', 'no'],
    ['FAILED', 'no'],
    ['COMPLETED', 'yes'],
    ['REPLICA', 'yes'],
  ])('in a bucket that reports %s: durable %s', async (word, durable) => {
    answerWith({ 'x-amz-replication-status': word });
    expect(await under.store.stat('bag-1', [path])).toMatchObject([
      { durable, replicationState: word, writable: 'no' },
    ]);
  });

  it('is durable without a replication status, unless that is required', async () => {
    expect(await under.store.stat('bag-1', [path])).toMatchObject([{ durable: 'yes', replicationState: 'sealed' }]);
    expect(await under.open({ replication: 'required' }).stat('bag-1', [path])).toMatchObject([
      { durable: 'no', replicationState: 'not replicated' },
    ]);
  });

  it("is proven by the server's own SHA-256 only if that is set, and it covers the whole object", async () => {
    const digest = (store: S3UnderTest['store']): Promise<readonly Outcome<CopyDigest>[]> =>
      store.digest('bag-1', [path], ['SHA-256'], work());
    const attesting = under.open({ verify: 'attested' });
    expect([under.store.acceptedReads, attesting.acceptedReads]).toEqual([['remote'], ['remote', 'attested']]);
    expect(await digest(attesting)).toMatchObject([{ ok: { read: 'remote' } }]);
    const checksum = {
      'x-amz-checksum-sha256': Buffer.alloc(32, 7).toString('base64'),
      'x-amz-checksum-type': 'FULL_OBJECT',
    };
    answerWith(checksum);
    expect(await digest(attesting)).toMatchObject([
      { ok: { read: 'attested', size: 7n, digests: { 'SHA-256': '07'.repeat(32) } } },
    ]);
    expect(await digest(under.store)).toMatchObject([{ ok: { read: 'remote' } }]);
    answerWith({ ...checksum, 'x-amz-checksum-type': 'COMPOSITE' });
    expect(await digest(attesting)).toMatchObject([{ ok: { read: 'remote' } }]);
  });

  describe('that is archived (a proxy acts as the tape: RGW 16 has none)', () => {
    let restore: string | undefined;
    let asked: number;
    beforeEach(() => {
      restore = undefined;
      asked = 0;
      under.proxy.fault = (method, request) => {
        if (method === 'GET' && request.includes('list-type=2'))
          return { kind: 'edit', edit: (body) => body.replaceAll('>STANDARD<', '>GLACIER<') };
        if (method === 'HEAD' && isCopy(request))
          return {
            kind: 'headers',
            headers: { 'x-amz-storage-class': 'GLACIER', ...(restore ? { 'x-amz-restore': restore } : {}) },
          };
        if (method === 'GET' && isCopy(request) && !restore?.includes('false'))
          return { kind: 'answer', status: 403, code: 'InvalidObjectState' };
        if (method === 'POST' && request.endsWith('?restore'))
          return { kind: 'answer', status: ++asked > 1 ? 409 : 202, code: 'RestoreAlreadyInProgress' };
        return undefined;
      };
    });
    const online = (): ReturnType<S3UnderTest['store']['bringOnline']> =>
      under.store.bringOnline('bag-1', [path], work());
    const fetch = (): ReturnType<S3UnderTest['store']['fetch']> =>
      under.store.fetch(
        'bag-1',
        [{ path, size: 7n, target: { root: join(under.top, 'recalled'), path: Buffer.from('new/file') } }],
        work(),
      );

    it('is requested, waited for, and fetched when it is online', async () => {
      expect(await fetch()).toMatchObject([{ error: { kind: 'not-yet', code: 'COPY_OFFLINE' } }]);
      expect(await online()).toEqual([{ ok: { online: false, state: 'in progress' } }]);
      expect(await online()).toEqual([{ ok: { online: false, state: 'in progress' } }]); // 409: already requested
      restore = 'ongoing-request="true"';
      expect(await online()).toEqual([{ ok: { online: false, state: 'in progress' } }]);
      expect(asked).toBe(2);
      restore = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"';
      expect(await online()).toEqual([{ ok: { online: true, state: 'until Fri, 21 Dec 2012 00:00:00 GMT' } }]);
      expect(await fetch()).toEqual([{ ok: { size: 7n } }]);
      expect(readFileSync(join(under.top, 'recalled/new/file'), 'utf8')).toBe('content');
    });

    it('is not requested under a claim that ran out', async () => {
      await expect(
        under.store.bringOnline('bag-1', [path], work({ deadline: new BigInt64Array(new SharedArrayBuffer(8)) })),
      ).rejects.toMatchObject({ code: 'CLAIM_LOST' });
      expect(asked).toBe(0);
    });
  });

  it('is put into its storage class, and the tag files into STANDARD', async () => {
    const classes: unknown[] = [];
    under.proxy.fault = (method, request, headers) => {
      if (method === 'PUT') classes.push([request.split('/').at(-1), headers['x-amz-storage-class']]);
      return undefined;
    };
    const store = under.open({ storageClass: 'STANDARD' });
    await store.put(
      'bag-2',
      [
        {
          root: under.sourceDir,
          path,
          copyPath: path,
          identity: identityOf(lstatSync(join(under.sourceDir, 'file'), { bigint: true })),
        },
      ],
      work(),
    );
    await store.seal('bag-2', [path], seals, work());
    expect(classes).toEqual([
      ['file', 'STANDARD'],
      ['tagmanifest-sha256.txt', undefined],
    ]);
  });

  it('distinguishes a missing bucket from a missing copy', async () => {
    const elsewhere = under.open({ bucket: `${under.bucket}-gone` });
    const away = { kind: 'transient', code: 'STORE_UNAVAILABLE', message: expect.stringContaining('no such bucket') };
    await expect(elsewhere.stat('bag-1', [path])).rejects.toMatchObject(away);
    await expect(elsewhere.digest('bag-1', [path], ['SHA-256'], work())).rejects.toMatchObject(away);
    await expect(elsewhere.bringOnline('bag-1', [path], work())).rejects.toMatchObject(away);
    await expect(elsewhere.bags()[Symbol.asyncIterator]().next()).rejects.toMatchObject(away);
  });
});

describe('the location of an S3 store', () => {
  let under: S3UnderTest;
  beforeEach(async () => {
    under = await makeS3();
  });
  afterEach(() => under.cleanup());

  it("needs a marked directory for recalled copies, outside OMERO's roots", async () => {
    await expect(under.open({}, [under.top]).check('read')).rejects.toMatchObject({
      kind: 'refused',
      code: 'STORE_INSIDE_OMERO',
    });
    const empty = join(under.top, 'empty');
    mkdirSync(empty);
    await expect(under.open({ recallDirectory: empty }).check('read')).rejects.toMatchObject({
      kind: 'transient',
      code: 'ROOT_UNAVAILABLE',
    });
    await under.open({ recallDirectory: empty }).check('write', 'none'); // by a service that does not use it
    expect(under.store.recallRoot).toBe(join(under.top, 'recalled'));
    expect(under.store.linkTarget('bag-1', path).toString()).toBe(join(under.top, 'recalled/bag-1/data/file'));
  });

  it('is left unchanged by the check, which writes only if asked to', async () => {
    await under.store.check('read');
    expect(under.proxy.seen.some((each) => /^(PUT|POST|DELETE)/.test(each))).toBe(false);
    await under.store.check('write');
    expect(under.proxy.seen.some((each) => each.startsWith('PUT'))).toBe(true);
    expect(await under.client.listObjects(under.bucket, '', true).toArray()).toEqual([]);
  });

  it('is denied with wrong keys, and names where missing ones should be', async () => {
    writeFileSync(join(under.top, 'wrong'), 'not the secret');
    await expect(under.open({ secretKeyFile: join(under.top, 'wrong') }).check('read')).rejects.toMatchObject({
      kind: 'transient',
      code: 'STORE_DENIED',
    });
    await expect(under.open({ secretKeyFile: join(under.top, 'none') }).check('read')).rejects.toMatchObject({
      kind: 'refused',
      code: 'STORE_SECRET_MISSING',
      message: expect.stringContaining('none'),
    });
    await expect(
      under.open({ secretKeyFile: undefined, secretKeyEnv: 'S3_SECRET' }).check('read'),
    ).rejects.toMatchObject({ code: 'STORE_SECRET_MISSING', message: expect.stringContaining('S3_SECRET') });
  });

  it('takes keys from the environment that it is given', async () => {
    const files = new Files({ threads: 1 });
    const { accessKeyFile: _a, secretKeyFile: _s, ...rest } = under.settings;
    const values = new Map(['access', 'secret'].map((name) => [name, readFileSync(join(under.top, name), 'utf8')]));
    const parsed = parseStores({
      default: 'main',
      stores: { main: { ...rest, accessKeyEnv: 'access', secretKeyEnv: 'secret' } },
    }).stores['main']!;
    const store = openStore('main', parsed, { files, omeroRoots: [], secrets: (name) => values.get(name) });
    await store.check('read');
    await store.close();
    await files.close();
  });

  it('is never at a metadata address', async () => {
    for (const endpoint of [
      'http://169.254.169.254',
      'http://2852039166',
      'http://[fe80::1]',
      'http://[::ffff:169.254.169.254]',
    ]) {
      await expect(under.open({ endpoint }).check('read')).rejects.toMatchObject({
        kind: 'refused',
        code: 'STORE_ENDPOINT_NOT_ALLOWED',
      });
    }
    await under.open({ endpoint: under.proxy.url.replace('127.0.0.1', 'localhost') }).check('read');
  });
});

it.each([
  [{ endpoint: 'http://s3.example.org' }, 'insecure'],
  [{ endpoint: 'https://s3.example.org/path' }, 'endpoint'],
  [{ endpoint: 'https://user@s3.example.org' }, 'endpoint'],
  [{ prefix: '/x' }, 'prefix'],
  [{ prefix: 'a/../b' }, 'prefix'],
  [{ accessKeyEnv: 'X' }, 'accessKeyFile'],
  [{ secretKeyFile: undefined }, 'secretKeyFile'],
  [{ recallDirectory: 'relative' }, 'recallDirectory'],
  [{ bucket: 'No' }, 'bucket'],
  [{ partMiB: 4 }, 'partMiB'],
])('refuses the settings %j', (part, word) => {
  const right = {
    kind: 's3',
    endpoint: 'https://s3.example.org',
    bucket: 'archive',
    accessKeyFile: '/run/secrets/access',
    secretKeyFile: '/run/secrets/secret',
    recallDirectory: '/recalled',
  };
  expect(() => parseStores({ default: 'main', stores: { main: right } })).not.toThrow();
  expect(() => parseStores({ default: 'main', stores: { main: { ...right, ...part } } })).toThrow(
    expect.objectContaining({ code: 'STORES_INVALID', message: expect.stringContaining(word) }),
  );
});

it('trusts a private certificate authority only if it is named, and signs bodies over TLS too', async () => {
  const top = mkdtempSync(join(tmpdir(), 'coldroom-tls-'));
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      'key.pem',
      '-out',
      'ca.pem',
    ],
    { cwd: top, stdio: 'ignore' },
  );
  const signed: unknown[] = [];
  const server = createServer(
    { key: readFileSync(join(top, 'key.pem')), cert: readFileSync(join(top, 'ca.pem')) },
    (request, response) => {
      if (request.method === 'PUT') signed.push(request.headers['x-amz-content-sha256']);
      response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
    },
  );
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  await writeMarker(top, 'recall');
  for (const name of ['access', 'secret']) writeFileSync(join(top, name), name);
  const files = new Files({ threads: 1 });
  const open = (part: object): ReturnType<typeof openStore> =>
    openStore(
      'main',
      parseStores({
        default: 'main',
        stores: {
          main: {
            kind: 's3',
            endpoint: `https://localhost:${(server.address() as AddressInfo).port}`,
            bucket: 'archive',
            accessKeyFile: join(top, 'access'),
            secretKeyFile: join(top, 'secret'),
            recallDirectory: top,
            ...part,
          },
        },
      }).stores['main']!,
      { files, omeroRoots: [] },
    );
  const [untrusting, trusting] = [open({}), open({ caFile: join(top, 'ca.pem') })];
  try {
    await expect(untrusting.check('read')).rejects.toMatchObject({
      kind: 'transient',
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('caFile'),
    });
    await trusting.check('write');
    expect(signed[0]).toBe(createHash('sha256').update('coldroom was here\n').digest('hex'));
  } finally {
    for (const store of [untrusting, trusting]) await store.close();
    await files.close();
    server.close();
    rmSync(top, { recursive: true });
  }
});
