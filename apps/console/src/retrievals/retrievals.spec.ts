import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought, sampleRequest } from '../testing/sample-requests';

let running: RunningConsole;
let foreign: bigint;
beforeAll(async () => {
  running = await RunningConsole.start('retrievals');
  foreign = await sampleRequest(running.register, {
    owner: 'olga',
    group: 'microscopy',
    filesets: [{ name: '2026-11/secret.czi', marked: 1, files: 1, fileSize: 5n }],
  });
  await brought(running.register, foreign, () => 'released');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

/** A request of alice whose originals are no longer held. */
async function archived(filesets = 1): Promise<bigint> {
  const id = await running.newRequest('image.tif', filesets);
  await brought(running.register, id, () => 'released');
  return id;
}

async function ask(browser: Browser, form: Record<string, string>) {
  return browser.post('/ask-back', { _csrf: await browser.csrf('/ask-back'), way: 'restore', ...form });
}

const statesOf = async (requestId: bigint) => [
  ...new Set((await running.register.reports.files({ requestId })).map(({ state }) => state)),
];
const imageOf = async (requestId: bigint) => (await running.register.reports.images(requestId))[0]!.imageId;
const filesetOf = async (requestId: bigint) => (await running.register.reports.images(requestId))[0]!.fileset;

test('a researcher sees what an image brings along, requests it, sees how far it is, and cancels', async () => {
  const id = await archived(2);
  const alice = await signedIn('alice');
  const image = await imageOf(id);
  const plan = await alice.get(`/ask-back?what=${image}&way=restore`);
  for (const expected of [
    '2 images would come back',
    '1 fileset, 2 files, 2.00 GiB',
    'from store tape',
    'Bring 2.00 GiB back',
  ])
    expect(plan.text).toContain(expected);
  expect(await statesOf(id)).toEqual(['released']);

  const asked = await ask(alice, { what: `Image:${image}` });
  expect(asked.status).toBe(303);
  expect((await statesOf(id)).sort()).toEqual(['released', 'retrieving']);
  const path = asked.headers.get('location')!.replace('/coldroom', '');
  const page = await alice.get(path);
  for (const expected of ['2 images to stay', 'Under way', 'waiting for the store', 'alice', await filesetOf(id)])
    expect(page.text).toContain(expected);
  expect((await alice.get('/ask-back')).text).toContain(`href="/coldroom${path}"`);

  expect((await alice.post(`${path}/cancel`, { _csrf: await alice.csrf(path) })).status).toBe(303);
  expect((await statesOf(id)).sort()).toEqual(['linked', 'released']);
  expect((await alice.get(path)).text).toContain('Ended');
});

test('a recall is for some days, and a whole request can be named', async () => {
  const id = await archived(2);
  const alice = await signedIn('alice');
  expect((await alice.get(`/ask-back?what=Request:${id}&way=recall&days=9`)).text).toContain('available for 9 days');
  await ask(alice, { what: `Request:${id}`, way: 'recall', days: '9' });
  const [file] = await running.register.reports.files({ requestId: id });
  const record = await running.register.reports.fileRecord(file!.id);
  expect(record).toMatchObject({ state: 'retrieving', retrieval: { way: 'recall', by: 'alice' } });
  expect(await running.register.retrievalReports.get(record!.retrieval!.id)).toMatchObject({ days: 9, files: 4 });
});

test('to request the same twice begins one retrieval', async () => {
  const id = await archived();
  const alice = await signedIn('alice');
  const what = `Request:${id}`;
  const [first, second] = [await ask(alice, { what }), await ask(alice, { what })];
  expect(first.headers.get('location')).toMatch(/retrievals/);
  expect(second.headers.get('location')).toBe('/coldroom/ask-back');
});

test.each<[Login, number, number]>([
  ['alice', 200, 303],
  ['lea', 200, 303],
  ['dora', 200, 303],
  ['root', 200, 303],
  ['ada', 403, 403],
  ['olga', 404, 404],
])('%s gets %d for the plan and %d for the retrieval of what alice archived', async (login, seen, asked) => {
  const id = await archived();
  const browser = await signedIn(login);
  for (const what of [`Image:${await imageOf(id)}`, await filesetOf(id), `Request:${id}`]) {
    expect([what, (await browser.get(`/ask-back?what=${what}`)).status]).toEqual([what, seen]);
    expect([what, (await ask(browser, { what })).status]).toEqual([what, asked]);
  }
  expect(await statesOf(id)).toEqual([asked === 303 ? 'retrieving' : 'released']);
});

test.each<[Login, number, number]>([
  ['alice', 200, 303],
  ['lea', 200, 303],
  ['dora', 200, 303],
  ['root', 200, 303],
  ['ada', 200, 403],
  ['olga', 404, 404],
])('%s gets %d for the retrieval of alice and %d to cancel it', async (login, seen, cancelled) => {
  const id = await archived();
  const path = (await ask(await signedIn('alice'), { what: `Request:${id}` })).headers
    .get('location')!
    .slice('/coldroom'.length);
  const browser = await signedIn(login);
  const page = await browser.get(path);
  expect(page.status).toBe(seen);
  if (seen === 404) expect(page.text).toBe((await browser.get('/retrievals/99999999')).text);
  expect((await browser.get('/ask-back')).text.includes(`href="/coldroom${path}"`)).toBe(seen === 200);
  expect((await browser.post(`${path}/cancel`, { _csrf: await browser.csrf() })).status).toBe(cancelled);
  expect(await statesOf(id)).toEqual([cancelled === 303 ? 'linked' : 'retrieving']);
});

test('foreign and unknown images look alike, and what is one’s own still comes back', async () => {
  const id = await archived();
  const alice = await signedIn('alice');
  const [mine, hers] = [await imageOf(id), await imageOf(foreign)];
  const alike = async (image: bigint) =>
    (await alice.get(`/ask-back?what=${image}`)).text.replaceAll(String(image), 'N');
  expect(await alike(hers)).toBe(await alike(987654n));
  await ask(alice, { what: `Image:${mine},${hers} Fileset:424242 Request:${foreign}` });
  expect([await statesOf(id), await statesOf(foreign)]).toEqual([['retrieving'], ['released']]);
});

test('an image in two requests comes back only from the one that the person may see', async () => {
  const id = await archived();
  const [image] = await running.register.reports.images(foreign);
  async function* once<T>(value: T): AsyncGenerator<T> {
    yield value;
  }
  // Someone marks an image of the same fileset for a request of their own, of which nothing is taken.
  await running.register.requests.refresh(
    await running.newRequest(),
    { images: once([{ imageId: 77_777n, name: 'x', fileset: image!.fileset, marked: true }]), files: once([]) },
    'test',
  );
  const alice = await signedIn('alice');
  await ask(alice, { what: `Image:77777 ${image!.fileset} Request:${id}` });
  expect([await statesOf(foreign), await statesOf(id)]).toEqual([['released'], ['retrieving']]);
});

test('where there is not enough room, nothing is requested, and the page says so', async () => {
  const id = await archived();
  const env = { OMERO_DATA_DIR: '/proc', COLDROOM_STORES: undefined }; // has no room at all
  const full = await RunningConsole.start('retrievals_full', { env });
  try {
    const there = await full.newRequest();
    await brought(full.register, there, () => 'released');
    const browser = new Browser(full);
    await browser.signIn('alice');
    const page = await browser.get(`/ask-back?what=Request:${there}`);
    expect(page.text).toContain('There is not enough room');
    expect(page.text).not.toContain('Bring 2.00 GiB back');
    const refused = await browser.post('/ask-back', {
      _csrf: await browser.csrf('/ask-back'),
      what: `Request:${there}`,
    });
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('only 0 B are free')]);
    const files = await full.register.reports.files({ requestId: there });
    expect(files.map(({ state }) => state)).toEqual(['released', 'released']);
  } finally {
    await full.stop();
  }
  expect(await statesOf(id)).toEqual(['released']);
});

test.each<[string, Record<string, string>]>([
  ['a kind that does not exist', { what: 'Well:1' }],
  ['no number', { what: "1'; DROP TABLE file" }],
  ['a number that is too large', { what: 'Image:9223372036854775808' }],
  ['a range of a million', { what: 'Image:1-1000000' }],
  ['many ranges', { what: Array.from({ length: 200 }, (_, at) => `${at}000-${at}999`).join(' ') }],
  ['a thousand and one numbers', { what: Array.from({ length: 1001 }, (_, at) => at + 1).join(' ') }],
  ['NUL', { what: 'Fileset:1\0' }],
  ['markup', { what: '<script>alert(1)</script>' }],
  ['nothing', { what: '  ' }],
  ['another way', { what: '1', way: 'steal' }],
  ['no days', { what: '1', way: 'recall', days: '0' }],
  ['too many days', { what: '1', way: 'recall', days: '99999' }],
  ['days that are no number', { what: '1', way: 'recall', days: '1e3' }],
  ['a field of its own', { what: '1', by: 'root' }],
  ['a prototype', { what: '1', 'constructor[prototype]': 'x' }],
])('%s is refused with a reason', async (_what, form) => {
  const { status, text } = await ask(await signedIn('dora'), form);
  expect([status, /role="alert"/.test(text)]).toEqual([400, true]);
  expect(text).not.toContain('<script');
});

test('without the token of the session nothing is requested', async () => {
  const id = await archived();
  const alice = await signedIn('alice');
  expect((await alice.post('/ask-back', { _csrf: 'x', what: `Request:${id}` })).status).toBe(403);
  expect(await statesOf(id)).toEqual(['released']);
});
