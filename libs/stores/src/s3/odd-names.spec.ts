import { identityOf } from '@coldroom/files';
import { randomUUID } from 'node:crypto';
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from '../testing/conformance';
import { makeS3, type S3UnderTest } from '../testing/s3';

let under: S3UnderTest;
beforeEach(async () => {
  under = await makeS3();
});
afterEach(() => under.cleanup());

const put = (...names: readonly string[]): ReturnType<S3UnderTest['store']['put']> =>
  under.store.put(
    'bag-1',
    names.map((name) => {
      writeFileSync(join(under.sourceDir, name), name);
      const identity = identityOf(lstatSync(join(under.sourceDir, name), { bigint: true }));
      return { root: under.sourceDir, path: Buffer.from(name), copyPath: Buffer.from(name), identity };
    }),
    work(),
  );

it('a server that keeps every name is asked once, and nothing stays there', async () => {
  await under.store.check('write');
  expect(under.store.namesNotKept).toEqual([]);
  const asked = under.proxy.seen.filter((each) => each.startsWith('PUT')).length;
  await under.store.check('write');
  expect(under.proxy.seen.filter((each) => each.startsWith('PUT'))).toHaveLength(asked + 1);
  expect(await under.client.listObjects(under.bucket, '', true).toArray()).toEqual([]);
});

it('what a killed process left is removed after an hour, and nothing else', async () => {
  const [killed, atWork] = [`.probe-${randomUUID()}/a:b`, `.probe-${randomUUID()}/a:b`];
  const others = ['.probably-a-bag/data/a', '.probe-of-someone/a'];
  for (const key of [killed, atWork, ...others])
    await under.client.putObject(under.bucket, `archive/one/${key}`, Buffer.from('left'));
  const old = [killed.slice(0, -4), '.probe-of-someone'];
  under.proxy.fault = (method, request) =>
    method === 'GET' && request.includes('list-type=2')
      ? { kind: 'edit', edit: (body) => old.reduce((text, key) => text.replace(timeOf(key), yearsAgo), body) }
      : undefined;
  await under.store.check('write');
  const left = (await under.client.listObjects(under.bucket, 'archive/one/', true).toArray()) as readonly {
    readonly name: string;
  }[];
  expect(left.map(({ name }) => name.slice('archive/one/'.length)).sort()).toEqual([...others, atWork].sort());
});

/** The time of an object in a listing. */
const timeOf = (key: string): RegExp => new RegExp(`(?<before>${key}[^<]*</Key><LastModified>)[^<]*<`);
const yearsAgo = '$<before>2001-01-01T00:00:00.000Z<';

it('what a server refuses or rewrites is known, and such files are refused before they are copied', async () => {
  under.proxy.fault = (method, request) => {
    if (method === 'PUT' && /\/a(:|%3A)b$/.test(request))
      return { kind: 'answer', status: 400, code: 'InvalidArgument' };
    if (method === 'GET' && request.includes('list-type=2'))
      return {
        kind: 'edit',
        edit: (body) =>
          body.replaceAll('%2Fspace%20</Key>', '%2Fspace</Key>').replaceAll('%2Fspace+</Key>', '%2Fspace</Key>'),
      };
    return undefined;
  };
  await under.store.check('write');
  expect(under.store.namesNotKept).toEqual(['the character :', 'a space at the end']);
  under.proxy.fault = () => undefined;
  expect(await put('plain', 'a:b', 'end ')).toMatchObject([
    { ok: { size: 5n } },
    {
      error: {
        kind: 'refused',
        code: 'NAME_NOT_KEPT',
        message: expect.stringContaining('keeps no name with the character :'),
      },
    },
    { error: { code: 'NAME_NOT_KEPT' } },
  ]);
});

it('what a server did not keep only once does not count', async () => {
  let refused = false;
  under.proxy.fault = (method, request) => {
    if (refused || method !== 'PUT' || !/\/a(:|%3A)b$/.test(request)) return undefined;
    refused = true;
    return { kind: 'answer', status: 400, code: 'InvalidArgument' };
  };
  await under.store.check('write');
  expect([refused, under.store.namesNotKept]).toEqual([true, []]);
});

it('a server in trouble is not judged', async () => {
  under.proxy.fault = (method, request) =>
    method === 'PUT' && /\/a(:|%3A)b$/.test(request)
      ? { kind: 'answer', status: 503, code: 'ServiceUnavailable' }
      : undefined;
  await expect(under.store.check('write')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  under.proxy.fault = () => undefined;
  await under.store.check('write');
  expect(under.store.namesNotKept).toEqual([]);
});
