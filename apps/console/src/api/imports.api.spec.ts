import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { SampleBuffer } from '../testing/sample-buffer';

let running: RunningConsole;
let buffer: SampleBuffer;
beforeAll(async () => {
  buffer = await SampleBuffer.make();
  running = await RunningConsole.start('api_imports', { imports: buffer.settings });
});
afterAll(async () => {
  await running.stop();
  buffer.remove();
});

async function signedIn(login: Login, console = running): Promise<Browser> {
  const browser = new Browser(console);
  await browser.signIn(login);
  return browser;
}

async function get(browser: Browser, path: string) {
  const { status, text } = await browser.get(`/api/v1/${path}`);
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

async function order(browser: Browser, body: object, path = '', method = 'POST') {
  const { status, text } = await browser.send(`/api/v1/imports${path}`, {
    method,
    body: JSON.stringify(body),
    headers: {
      origin: new URL(running.settings.url).origin,
      'content-type': 'application/json',
      'x-csrf-token': await browser.csrf(),
    },
  });
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

test('an import is ordered once, listed and shown', async () => {
  const alice = await signedIn('alice');
  const body = {
    path: buffer.at('alice', 'run-1'),
    target: 'Dataset:name:Day 1',
    transfer: 'ln',
    name: 'n',
    again: true,
  };
  const first = await order(alice, body);
  expect(first).toMatchObject({
    status: 201,
    body: {
      isNew: true,
      import: {
        state: 'ordered',
        person: 'alice',
        group: 'lab',
        source: buffer.at('alice', 'run-1'),
        transfer: 'ln',
        options: { name: 'n', again: true },
        origin: 'console',
        orderedBy: 'alice',
      },
    },
  });
  const { import: ordered } = first.body as { import: { id: string } };
  expect(await order(alice, { ...body, target: 'Dataset:9' })).toEqual({
    status: 200,
    body: { import: ordered, isNew: false },
  });
  expect(await get(alice, 'imports?state=ordered')).toMatchObject({
    status: 200,
    body: { data: [ordered], next: null },
  });
  expect(await get(alice, 'imports?state=done')).toMatchObject({ body: { data: [] } });
  expect(await get(alice, `imports/${ordered.id}`)).toMatchObject({
    status: 200,
    body: { import: ordered, amounts: { filesets: 0, leftOut: null }, permitted: ['cancelImport'] },
  });
  const olga = await signedIn('olga');
  expect(await get(olga, `imports/${ordered.id}`)).toMatchObject({ status: 404 });
  expect(await get(olga, 'imports')).toMatchObject({ body: { data: [] } });
  expect(await get(await signedIn('lea'), `imports/${ordered.id}`)).toMatchObject({
    status: 200,
    body: { permitted: [] },
  });
});

test('a dry run answers what the importer says, once it has looked', async () => {
  const alice = await signedIn('alice');
  const body = { path: buffer.at('alice', 'a.tif'), target: 'Dataset:5', dryRun: true };
  expect(await order(alice, body)).toMatchObject({
    status: 200,
    body: { plan: { transfer: 'upload' }, preview: null },
  });
  await buffer.answerPreview(running.register, { files: 1, bytes: 5n, filesetCount: 1 });
  expect(await order(alice, body)).toMatchObject({ status: 200, body: { preview: { files: 1, bytes: '5' } } });
  expect(await get(alice, 'imports')).toMatchObject({ body: { data: [{ source: buffer.at('alice', 'run-1') }] } });
});

test.each<[number, string, Login, object]>([
  [403, 'NOT_PERMITTED', 'alice', { person: 'olga' }],
  [403, 'NOT_PERMITTED', 'ada', { person: 'alice' }],
  [409, 'IMPORT_SOURCE_NOT_YOURS', 'alice', { path: 'olga/d.tif' }],
  [409, 'IMPORT_SOURCE_NOT_YOURS', 'alice', { path: 'olga/none' }],
  [409, 'IMPORT_SOURCE_TOO_WIDE', 'alice', { path: 'alice' }],
  [409, 'IMPORT_TARGET_INVALID', 'alice', { target: 'Project:5' }],
  [409, 'IMPORT_GROUP_MISSING', 'dora', { person: 'olga', path: 'olga/d.tif' }],
  [409, 'IMPORT_PERSON_UNKNOWN', 'dora', { person: 'nobody' }],
  [409, 'IMPORT_TRANSFER_NOT_ALLOWED', 'alice', { transfer: 'ln_s' }],
  [400, 'BAD_REQUEST', 'alice', { transfer: 'ln_rm' }],
  [400, 'BAD_REQUEST', 'alice', { origin: 'command' }],
])('answers %s %s to %s', async (status, code, login, change) => {
  const browser = await signedIn(login);
  const { path = 'alice/b.tif', ...rest } = change as { path?: string };
  const answer = await order(browser, { path: buffer.at(path), target: 'Dataset:5', ...rest });
  expect(answer).toMatchObject({ status, body: { code } });
});

test('people look into their own directories only', async () => {
  const alice = await signedIn('alice');
  expect(await get(alice, 'buffers')).toMatchObject({
    status: 200,
    body: { path: null, entries: [{ path: buffer.at('alice'), kind: 'directory' }] },
  });
  expect(await get(alice, `buffers?path=${buffer.at('alice')}`)).toMatchObject({
    body: { entries: [{ name: 'run-1' }, { name: 'a.tif', size: '5' }, { name: 'b.tif' }] },
  });
  expect(await get(alice, `buffers?path=${buffer.at('olga')}`)).toMatchObject({
    status: 409,
    body: { code: 'IMPORT_SOURCE_NOT_YOURS' },
  });
  expect(await get(await signedIn('dora'), 'buffers')).toMatchObject({ body: { entries: [{ path: buffer.at() }] } });
});

test('a console without buffers says so', async () => {
  const other = await RunningConsole.start('api_imports_none');
  try {
    expect(await get(await signedIn('alice', other), 'buffers')).toMatchObject({
      status: 409,
      body: { code: 'IMPORTS_NOT_SET_UP' },
    });
  } finally {
    await other.stop();
  }
});

test('a stuck import is tried again and cancelled, by who may', async () => {
  const id = await buffer.order(running.register, 'b.tif');
  const claim = await running.register.imports.claims.claim(id, ['ordered'], 'importer', 60_000);
  await running.register.imports.advance(claim!, { event: 'fail', to: 'stuck', code: 'X', reason: 'because' });
  const [alice, lea, olga] = [await signedIn('alice'), await signedIn('lea'), await signedIn('olga')];
  expect(await order(lea, {}, `/${id}/retry`)).toMatchObject({ status: 403 });
  expect(await order(olga, {}, `/${id}`, 'DELETE')).toMatchObject({ status: 404 });
  expect(await order(alice, {}, `/${id}/retry`)).toEqual({
    status: 200,
    body: { id: String(id), state: 'ordered', done: true },
  });
  expect(await order(alice, {}, `/${id}/retry`)).toMatchObject({ status: 409, body: { code: 'IMPORT_NOT_STUCK' } });
  expect(await order(alice, {}, `/${id}`, 'DELETE')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
});
