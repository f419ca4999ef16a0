import { renameSync } from 'node:fs';
import { Browser } from '../testing/browser';
import { people, RunningConsole, type Login } from '../testing/running-console';
import { SampleBuffer } from '../testing/sample-buffer';

let running: RunningConsole;
let buffer: SampleBuffer;
beforeAll(async () => {
  buffer = await SampleBuffer.make();
  running = await RunningConsole.start('imports', { imports: buffer.settings });
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

const chosen = (...names: readonly string[]): string => `/imports/new?path=${encodeURIComponent(buffer.at(...names))}`;
const order = async (browser: Browser, form: Record<string, string>) =>
  browser.post('/imports/new', { _csrf: await browser.csrf('/imports'), target: 'Dataset:5', ...form });
const orders = () => running.register.imports.orders.list();

test('someone looks into their directory, chooses a file, and orders its import', async () => {
  const alice = await signedIn('alice');
  expect((await alice.get('/imports')).text).toContain('Nothing was imported yet');
  const start = await alice.get('/imports/new');
  expect(start.text).toContain(`${buffer.at('alice')}/</a>`);
  expect(start.text).not.toContain('olga');
  expect((await alice.get(`/imports/new?in=${buffer.at('alice')}`)).text).toContain('aria-label="Import a.tif"');
  const form = await alice.get(chosen('alice', 'a.tif'));
  expect(form.text).toContain('OMERO looks at the files');
  expect(form.text).not.toContain('name="person"');
  const answer = await order(alice, {
    path: buffer.at('alice', 'a.tif'),
    transfer: 'ln',
    name: ' ',
    description: '',
    annotations: 'Stain=DAPI\r\n\r\nDay = 1\r\n',
  });
  expect(answer.status).toBe(303);
  const [recorded] = await orders();
  expect(answer.headers.get('location')).toBe(`/coldroom/imports/${recorded!.id}`);
  expect(recorded).toMatchObject({
    person: 'alice',
    transfer: 'ln',
    options: {
      annotations: [
        ['Stain', 'DAPI'],
        ['Day', '1'],
      ],
    },
    origin: 'console',
    orderedBy: 'alice',
  });
  expect((await alice.get(`/imports/${recorded!.id}`)).text).toContain('It begins when the files are complete');
});

test('names are shown as text', async () => {
  const id = await buffer.order(running.register, 'b.tif');
  const alice = await signedIn('alice');
  const { text } = await alice.get(`/imports/${id}`);
  expect(text).toContain('Day &lt;1>');
  expect(text).not.toContain('<1>');
});

test('the page shows what the importer said last, as text', async () => {
  const id = await buffer.order(running.register, 'b.tif');
  const { claims, attempts } = running.register.imports;
  const claim = await claims.claim(id, ['ordered'], 'importer', 60_000);
  const alice = await signedIn('alice');
  expect((await alice.get(`/imports/${id}`)).text).not.toContain('said last');
  await attempts.closed(claim!, await attempts.begin(claim!, 7n), { lastLines: 'Traceback\n<b>bold</b>' });
  const { text } = await alice.get(`/imports/${id}`);
  expect(text).toContain('said last');
  expect(text).toContain('Traceback\n&lt;b>bold');
  const { text: answer } = await alice.get(`/api/v1/imports/${id}`);
  expect(JSON.parse(answer)).toMatchObject({ attempts: [{ lastLines: 'Traceback\n<b>bold</b>' }] });
  await claims.release(claim!);
});

test('the form shows what the importer found', async () => {
  const alice = await signedIn('alice');
  await alice.get(chosen('alice', 'run-1'));
  while (
    await buffer.answerPreview(running.register, {
      files: 2,
      bytes: 2048n,
      filesetCount: 1,
      filesets: [{ reader: 'TiffReader', files: 1, name: 'c.tif' }],
      refusedCount: 1,
      refused: [{ name: 'notes.txt', code: 'IMPORT_LEFT_OUT' }],
    })
  );
  const { text } = await alice.get(chosen('alice', 'run-1'));
  expect(text).toContain('1 fileset in 2 files, 2.00 KiB');
  expect(text).toContain('belongs to no image that OMERO can read');
});

test('managers order for others', async () => {
  const dora = await signedIn('dora');
  expect((await dora.get(chosen('alice', 'run-1'))).text).toContain('name="person"');
  const answer = await order(dora, { path: buffer.at('alice', 'run-1'), person: 'alice' });
  expect(answer.status).toBe(303);
  expect((await orders())[0]).toMatchObject({ personId: people.alice, orderedBy: 'dora' });
});

test.each<[string, Login, number, Record<string, string>]>([
  ['You may import for yourself only', 'alice', 403, { person: 'olga' }],
  ['OMERO imports into datasets and screens only', 'alice', 409, { target: 'Project:name:x' }],
  ['does not allow the transfer cp', 'alice', 409, { transfer: 'cp' }],
  ['is not in a directory of yours', 'alice', 409, { path: 'olga/d.tif' }],
  ['Name the group', 'olga', 409, { path: 'olga/d.tif' }],
])('the form says "%s" to %s, and keeps what was filled in', async (message, login, status, form) => {
  const before = (await orders()).length;
  const browser = await signedIn(login);
  const path = buffer.at(form['path'] ?? 'alice/run-1/c.tif');
  const answer = await order(browser, { target: 'Dataset:77', name: 'kept', ...form, path });
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(message);
  if (!message.includes('not in a directory')) expect(answer.text).toContain('value="kept"');
  expect(await orders()).toHaveLength(before);
});

test.each(['alice', 'olga/none', '../etc/passwd', '.coldroom-root'])('%s cannot be chosen', async (path) => {
  const alice = await signedIn('alice');
  const { status, text } = await alice.get(`/imports/new?path=${encodeURIComponent(`${buffer.at()}/${path}`)}`);
  expect(status).toBe(409);
  expect(text).toContain('This could not be completed');
});

test('people see their own imports, leaders those of their group, by state', async () => {
  const id = await buffer.order(running.register, 'a.tif');
  const olga = await signedIn('olga');
  expect((await olga.get(`/imports/${id}`)).status).toBe(404);
  expect((await olga.get('/imports')).text).toContain('Nothing was imported yet');
  const lea = await signedIn('lea');
  expect((await lea.get(`/imports/${id}`)).status).toBe(200);
  expect((await lea.get('/imports?state=moving')).text).toContain(`/imports/${id}"`);
  expect((await lea.get('/imports?state=stuck')).text).toContain('There is no such import');
  expect((await lea.get('/imports?state=none')).status).toBe(400);
  // Auditors are OMERO users, too.
  expect((await (await signedIn('ada')).get('/imports')).text).toContain('New import');
});

test('a stuck import says why', async () => {
  const id = await buffer.order(running.register, 'run-1/c.tif');
  const claim = await running.register.imports.claims.claim(id, ['ordered'], 'importer', 60_000);
  const reason = 'OMERO finds no images in these files. Check their formats.';
  await running.register.imports.advance(claim!, { event: 'fail', to: 'stuck', code: 'IMPORT_NOTHING_FOUND', reason });
  const { text } = await (await signedIn('alice')).get(`/imports/${id}`);
  expect(text).toContain('Needs attention');
  expect(text).toContain(reason);
  expect(text).toContain('IMPORT_NOTHING_FOUND');
});

test('a stuck import is tried again, and one that is not in OMERO is cancelled, by who may', async () => {
  const id = await buffer.order(running.register, 'run-1/c.tif');
  const alice = await signedIn('alice');
  const act = async (browser: Browser, what: string) =>
    (await browser.post(`/imports/${id}/${what}`, { _csrf: await browser.csrf('/imports') })).status;
  expect((await alice.get(`/imports/${id}`)).text).toContain('Try again');
  const lea = await signedIn('lea');
  expect((await lea.get(`/imports/${id}`)).text).not.toContain('Try again');
  expect([await act(lea, 'retry'), await act(lea, 'cancel')]).toEqual([403, 403]);
  expect(await act(alice, 'retry')).toBe(303);
  expect(await act(alice, 'retry')).toBe(409);
  expect((await alice.get(`/imports/${id}`)).text).not.toContain('Try again');
  expect(await act(alice, 'cancel')).toBe(303);
  expect((await alice.get(`/imports/${id}`)).text).toContain('It was cancelled');
});

test('a buffer that is not mounted is said to be so', async () => {
  const alice = await signedIn('alice');
  renameSync(buffer.at('.coldroom-root'), buffer.at('away'));
  try {
    expect((await alice.get('/imports/new')).text).toContain('There is nothing here');
    const answer = await alice.get(chosen('alice', 'a.tif'));
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('The buffer cannot be reached now');
  } finally {
    renameSync(buffer.at('away'), buffer.at('.coldroom-root'));
  }
});

test('without buffers the list is there, and nothing can be ordered', async () => {
  const other = await RunningConsole.start('imports_none');
  try {
    const alice = await signedIn('alice', other);
    expect((await alice.get('/imports')).text).not.toContain('New import');
    expect((await alice.get('/imports/new')).text).toContain('does not know the buffers');
  } finally {
    await other.stop();
  }
});
