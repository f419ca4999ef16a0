import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Imports } from '@coldroom/buffers';
import { Files } from '@coldroom/files';
import { createToken, discardAbandoned } from '@coldroom/operations';
import { AgentScene, listing, tokenOf } from '../testing/agent-scene';

let scene: AgentScene;
beforeAll(async () => {
  scene = await AgentScene.start('uploads_api', { most: '1TB' });
});
afterAll(() => scene.stop());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(method: string, path: string, body?: object, token = scene.token): Promise<Answer> {
  const response = await fetch(`${scene.console.address}/coldroom/api/v1/uploads${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}

async function patch(path: string, offset: number, bytes: string): Promise<number> {
  const response = await fetch(`${scene.console.address}/coldroom/api/v1/uploads${path}`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${scene.token}`,
      'tus-resumable': '1.0.0',
      'upload-offset': `${offset}`,
      'content-type': 'application/offset+octet-stream',
    },
    body: bytes,
  });
  await response.text();
  return response.status;
}

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const nameOf = (set: string): string => sha256(set);

const announced = (set: string, change: object = {}): object => ({
  set: nameOf(set),
  person: 'alice',
  target: 'Dataset:5',
  directory: base64(set),
  files: 1,
  bytes: '6',
  ...change,
});
const file = (path = 'a.tif', content = 'pixels', number = 0): object => ({
  number,
  path: base64(path),
  size: `${content.length}`,
  mtimeNs: '1700000000123456700',
  sha256: sha256(content),
});

async function declared(set: string): Promise<string> {
  expect(await call('POST', '', announced(set))).toMatchObject({ status: 200, body: { state: 'receiving' } });
  expect(await call('POST', `/${nameOf(set)}/files`, { files: [file()] })).toMatchObject({ status: 200 });
  return `/${nameOf(set)}`;
}

test('the token of a workstation is for uploads only, and uploads are for such tokens only', async () => {
  for (const path of ['me', 'imports', 'buffers', 'status', 'requests', 'people']) {
    const url = `${scene.console.address}/coldroom/api/v1/${path}`;
    const { status } = await fetch(url, { headers: { authorization: `Bearer ${scene.token}` }, redirect: 'manual' });
    expect({ path, status }).toEqual({ path, status: 401 });
  }
  const { register } = scene.console;
  const manager = await createToken(register, { name: 'm', role: 'administrator', days: 1, by: 'root' });
  for (const token of [manager.secret, 'coldroom_wrong', ''])
    expect(await call('GET', '', undefined, token)).toMatchObject({ status: 401 });
  expect(await call('GET', '')).toEqual({
    status: 200,
    body: { workstation: 'scope', buffer: 'main', people: ['alice'] },
  });
});

test("a workstation cannot see, continue or end another one's upload", async () => {
  const path = await declared('own');
  const other = await tokenOf(scene.console, 'other', ['alice']);
  for (const [method, more] of [
    ['GET', ''],
    ['GET', '/missing'],
    ['POST', '/order'],
    ['POST', '/files/0/proof'],
    ['HEAD', '/files/0'],
    ['PATCH', '/files/0'],
    ['DELETE', ''],
  ] as const)
    expect(await call(method, `${path}${more}`, undefined, other)).toMatchObject({ status: 404 });
  expect(await call('GET', path)).toMatchObject({ status: 200, body: { state: 'receiving' } });
});

test.each<[string, object]>([
  ['NOT_PERMITTED', { person: 'olga' }],
  ['IMPORT_TARGET_INVALID', { target: 'Project:5' }],
  ['IMPORT_GROUP_UNKNOWN', { group: 'others' }],
  ['IMPORT_TRANSFER_NOT_ALLOWED', { transfer: 'ln_s' }],
  ['IMPORT_OPTIONS_INVALID', { name: 'a\nb' }],
  ['UPLOAD_TOO_LARGE', { bytes: '1000000000001' }],
  ['UPLOAD_NO_ROOM', { bytes: '999999999999' }],
  ['PATH_NOT_ALLOWED', { directory: base64('..') }],
  ['UPLOAD_NAME_NOT_ALLOWED', { directory: base64('a/b') }],
  ['UPLOAD_NAME_NOT_ALLOWED', { directory: base64('.coldroom-locks') }],
  ['PATH_NOT_ALLOWED', { directory: base64('a\0b') }],
])('%s is the answer to a set with %j, before anything is sent', async (code, change) => {
  expect(await call('POST', '', announced('refused', change))).toMatchObject({ body: { code } });
  expect(await call('GET', `/${nameOf('refused')}`)).toMatchObject({ status: 404 });
});

test.each([
  '/etc/passwd',
  '../a.tif',
  '../../../x',
  'a/../../x',
  'a//b',
  'a/.',
  '.',
  'a\0b',
  'a/',
  'x'.repeat(256),
  'a.part',
])('the path %j is refused', async (path) => {
  await call('POST', '', announced('paths'));
  const answer = await call('POST', `/${nameOf('paths')}/files`, { files: [file(path)] });
  expect(answer).toMatchObject({
    status: 409,
    body: { code: path === 'a.part' ? 'UPLOAD_NAME_NOT_ALLOWED' : 'PATH_NOT_ALLOWED' },
  });
  expect(await call('GET', `/${nameOf('paths')}`)).toMatchObject({ body: { declared: 0 } });
});

test('only what was announced and declared is taken, at its offset', async () => {
  const path = await declared('strict');
  expect(await call('POST', `${path}/files`, { files: [file('a.tif', 'others')] })).toMatchObject({
    body: { code: 'UPLOAD_DECLARED_OTHERWISE' },
  });
  expect(await call('POST', `${path}/files`, { files: [file('b.tif', 'x', 1)] })).toMatchObject({
    body: { code: 'UPLOAD_TOO_LARGE' },
  });
  await call('POST', '', announced('two', { files: 3, bytes: '18' }));
  const twice = { files: [file('a', 'pixels', 0), file('a', 'pixels', 1)] };
  expect(await call('POST', `/${nameOf('two')}/files`, twice)).toMatchObject({ body: { code: 'UPLOAD_PATH_TWICE' } });
  expect(await patch(`${path}/files/1`, 0, 'x')).toBe(404);
  expect(await patch(`${path}/files/0`, 1, 'x')).toBe(409);
  expect(await patch(`${path}/files/0`, 0, 'pixels and more')).toBe(413);
  expect(await patch(`${path}/files/0`, 0, 'pix')).toBe(204);
  expect(await call('POST', `${path}/files/0/proof`)).toMatchObject({ body: { code: 'UPLOAD_INCOMPLETE' } });
  expect(await call('POST', `${path}/order`)).toMatchObject({ body: { code: 'UPLOAD_INCOMPLETE' } });
  expect(await patch(`${path}/files/0`, 0, 'pix')).toBe(409);
  expect(await patch(`${path}/files/0`, 3, 'els')).toBe(204);
  expect(await call('POST', `${path}/files/0/proof`)).toEqual({ status: 200, body: { proven: true } });
  expect(await patch(`${path}/files/0`, 6, 'x')).toBe(409);
  expect(await call('POST', `${path}/order`)).toMatchObject({
    status: 200,
    body: { state: 'arrived', order: { state: 'ordered' } },
  });
  expect(readFileSync(scene.buffer('alice/scope/strict/a.tif'), 'utf8')).toBe('pixels');
  expect(await call('DELETE', path)).toMatchObject({ body: { code: 'UPLOAD_ARRIVED' } });
});

async function complete(set: string): Promise<string> {
  const path = await declared(set);
  expect(await patch(`${path}/files/0`, 0, 'pixels')).toBe(204);
  expect(await call('POST', `${path}/files/0/proof`)).toMatchObject({ body: { proven: true } });
  return path;
}

test('an order that was made and not recorded with the upload is found, also when it has ended', async () => {
  const path = await complete('once');
  const first = await call('POST', `${path}/order`);
  await scene.prove();
  await scene.sql.query('UPDATE upload SET order_id = NULL WHERE set_name = $1', [nameOf('once')]);
  const { order } = (await call('POST', `${path}/order`)).body as { order: { id: string; state: string } };
  expect(order).toMatchObject({ id: (first.body['order'] as { id: string }).id, state: 'done' });
});

test('nothing in the buffer is replaced, and no link there is followed', async () => {
  mkdirSync(scene.buffer('alice/scope/taken'), { recursive: true });
  writeFileSync(scene.buffer('alice/scope/taken/theirs'), 'theirs');
  const taken = await complete('taken');
  expect(await call('POST', `${taken}/order`)).toMatchObject({
    body: { place: scene.buffer(`alice/scope/taken-${nameOf('taken').slice(0, 8)}`) },
  });
  expect(readdirSync(scene.buffer('alice/scope/taken'))).toEqual(['theirs']);

  const token = await tokenOf(scene.console, 'linked', ['alice']);
  mkdirSync(join(scene.dir, 'elsewhere'));
  symlinkSync(join(scene.dir, 'elsewhere'), scene.buffer('alice/linked'));
  const path = `/${nameOf('out')}`;
  await call('POST', '', announced('out', { set: nameOf('out') }), token);
  await call('POST', `${path}/files`, { files: [file()] }, token);
  await fetch(`${scene.console.address}/coldroom/api/v1/uploads${path}/files/0`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${token}`,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
    body: 'pixels',
  });
  await call('POST', `${path}/files/0/proof`, undefined, token);
  expect(await call('POST', `${path}/order`, undefined, token)).toMatchObject({
    status: 409,
    body: { code: 'PARENT_NOT_A_DIRECTORY' },
  });
  expect(readdirSync(join(scene.dir, 'elsewhere'))).toEqual([]);
});

test('an abandoned upload is discarded, without anything that is not of it, and begins again', async () => {
  const path = await complete('abandoned');
  await call('POST', '', announced('lively'));
  const [uploads] = readdirSync(scene.buffer('.coldroom-locks')).map((name) => scene.buffer('.coldroom-locks', name));
  const set = readdirSync(uploads as string)
    .map((name) => join(uploads as string, name))
    .find((at) => existsSync(join(at, 'set/a.tif')));
  writeFileSync(join(set as string, 'set/not-ours'), 'x');
  await scene.sql.query(`UPDATE upload SET touched_at = now() - interval '15 days' WHERE set_name = $1`, [
    nameOf('abandoned'),
  ]);
  const { file: imports, omeroDataDir } = scene.console.settings.imports!;
  const files = new Files({ threads: 1 });
  const discarding = { register: scene.console.register, imports: await Imports.read(imports, omeroDataDir), files };
  expect(await discardAbandoned(discarding, new AbortController().signal)).toBe(1);
  await files.close();
  expect(await listing(set as string)).toEqual([expect.stringMatching(/^set\/not-ours /)]);
  expect(await call('GET', path)).toMatchObject({ body: { state: 'discarded', declared: 0 } });
  expect(await patch(`${path}/files/0`, 0, 'x')).toBe(404);
  expect(await call('GET', `/${nameOf('lively')}`)).toMatchObject({ body: { state: 'receiving' } });
  await declared('abandoned');
});
