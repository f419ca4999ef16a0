import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought, sampleRequest, stuck } from '../testing/sample-requests';

let running: RunningConsole;
let own: bigint;
let foreign: bigint;
beforeAll(async () => {
  running = await RunningConsole.start('files');
  const { register } = running;
  own = await running.newRequest('<b>cells</b>.tif', 2);
  await brought(register, own, () => 'linked');
  foreign = await sampleRequest(register, {
    owner: 'olga',
    group: 'microscopy',
    filesets: [{ name: '2026-11/secret.czi', marked: 1, files: 1, fileSize: 5n }],
  });
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

const idsOn = (html: string): readonly bigint[] =>
  [...html.matchAll(/href="\/coldroom\/files\/(\d+)"/g)].map((match) => BigInt(match[1] as string));
const filesOf = (requestId: bigint) => running.register.reports.files({ requestId });

test('files are found by path, image, fileset, request, state and code, alone and together', async () => {
  const alice = await signedIn('alice');
  const files = await filesOf(own);
  const [first] = files;
  const found = async (query: string) => idsOn((await alice.get(`/files?${query}`)).text);
  const all = files.map(({ id }) => id);
  const half = files.filter(({ fileset }) => fileset === first!.fileset).map(({ id }) => id);
  const image = (await running.register.reports.images(own))[0]!;
  expect(image.fileset).toBe(first!.fileset);
  expect(await found('')).toEqual(all);
  expect(await found(`path=${first!.path.slice(0, -5)}`)).toEqual(half);
  expect(await found(`path=/OMERO/ManagedRepository/${first!.path}`)).toEqual([first!.id]);
  expect(await found(`path=Pixels/${first!.path}`)).toEqual([]);
  expect(await found(`image=${image.imageId}`)).toEqual(half);
  expect(await found(`fileset=${first!.fileset}`)).toEqual(half);
  expect(await found(`fileset=${first!.fileset.slice('Fileset:'.length)}`)).toEqual(half);
  expect(await found(`request=${own}`)).toEqual(all);
  expect(await found('state=archived')).toEqual(all);
  expect(await found('state=stuck')).toEqual([]);
  expect(await found('code=HASH_DIFFERS')).toEqual([]);
  expect(
    await found(`request=${own}&state=archived&fileset=${first!.fileset}&path=alice&image=${image.imageId}&code=`),
  ).toEqual(half);
});

test.each<[Login, boolean, boolean]>([
  ['alice', true, false],
  ['lea', true, false],
  ['olga', false, true],
  ['dora', true, true],
  ['root', true, true],
  ['ada', true, true],
])('%s finds the files of alice: %s, of olga: %s; whatever is asked for', async (login, ofAlice, ofOlga) => {
  const browser = await signedIn(login);
  for (const [request, expected] of [
    [own, ofAlice],
    [foreign, ofOlga],
  ] as const) {
    const [file] = await filesOf(request);
    const [image] = await running.register.reports.images(request);
    for (const query of [
      '',
      `path=${file!.path}`,
      `fileset=${file!.fileset}`,
      `image=${image!.imageId}`,
      `request=${request}`,
      `state=${request === own ? 'archived' : 'waiting'}`,
    ])
      expect([query, idsOn((await browser.get(`/files?${query}`)).text).includes(file!.id)]).toEqual([query, expected]);
    const page = await browser.get(`/files/${file!.id}`);
    expect(page.status).toBe(expected ? 200 : 404);
    if (!expected) expect(page.text).toBe((await browser.get('/files/999999')).text);
  }
});

test('a file has its whole history: copies, proofs, link, hold and events', async () => {
  const [file] = await filesOf(own);
  const { text } = await (await signedIn('alice')).get(`/files/${file!.id}`);
  for (const expected of [
    `ManagedRepository/${file!.path}`,
    'It is safe in the archive.',
    'Store tape</strong>, read back from the store.',
    'SHA-256',
    'Original kept until',
    'Found by the scanner',
    'Its request was approved by dora',
    'Copied to the store tape',
    'Replaced by a link; the original is kept',
    '&lt;b>cells&lt;/b>.tif',
    `href="/coldroom/ask-back?what=${file!.fileset}"`,
  ])
    expect(text).toContain(expected);
  expect(text).not.toContain('<b>cells');
});

test('a stuck file says what helps; only administrators get the commands', async () => {
  const id = await running.newRequest();
  await brought(running.register, id, () => 'approved');
  await stuck(running.register, id, 'approved', { code: 'HASH_DIFFERS', reason: 'not <i>the</i> same' });
  const [file] = await filesOf(id);
  for (const [login, commands] of [
    ['alice', false],
    ['dora', false],
    ['ada', false],
    ['root', true],
  ] as const) {
    const { text } = await (await signedIn(login)).get(`/files/${file!.id}`);
    expect(text).toContain('compare with a backup');
    expect(text).toContain('not &lt;i>the&lt;/i> same');
    expect([login, text.includes('coldroom files retry')]).toEqual([login, commands]);
  }
  const found = await (await signedIn('alice')).get('/files?code=HASH_DIFFERS&state=stuck');
  expect(idsOn(found.text)).toContain(file!.id);
});

test('a long list is read page by page, and each file is shown once', async () => {
  const id = await running.newRequest('many', 30);
  const alice = await signedIn('alice');
  for (const query of [`request=${id}`, `path=alice/&request=${id}`]) {
    const seen: bigint[] = [];
    let pages = 0;
    for (let path: string | undefined = `/files?${query}`; path; pages += 1) {
      const { text } = await alice.get(path);
      seen.push(...idsOn(text));
      path = /href="\/coldroom(\/files\?[^"]+)" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    }
    expect([pages, new Set(seen).size, seen.length]).toEqual([2, 60, 60]);
  }
});

test('to go on after a foreign file shows nothing that depends on it', async () => {
  const [file] = await filesOf(foreign);
  const { text } = await (await signedIn('alice')).get(`/files?path=alice/&after=${file!.id}`);
  expect(idsOn(text)).toEqual([]);
});

test.each([
  'image=x',
  'image=0',
  'image=-1',
  'image=9223372036854775808',
  `image=${'9'.repeat(400)}`,
  'image=1&image=2',
  'fileset=Plate:1',
  'fileset=Fileset:1%00',
  "request=1'--",
  'state=linked',
  'state[]=stuck',
  'code=a%00b',
  "code=X' OR 1=1",
  'after=1e3',
  'path[gt]=a',
  'visibleTo=1',
  '__proto__=1',
  `path=${'x'.repeat(5000)}`,
])('the search ?%s is refused with a reason', async (query) => {
  const { status, text } = await (await signedIn('olga')).get(`/files?${query}`);
  expect([status, /role="alert"/.test(text)]).toEqual([400, true]);
});

test.each([
  "alice'; DROP TABLE file; --",
  '../../etc/passwd',
  '%00',
  '%ff%fe',
  '%F0%9F%94%AC',
  '\\xff\\x00',
  '%25_%25',
  '"><script>alert(1)</script>',
  'ManagedRepository',
  'a/ManagedRepository/',
  '////',
])('the path %s is looked for as it is, and shown as text', async (path) => {
  const { status, text } = await (await signedIn('olga')).get(`/files?path=${path}`);
  expect(status).toBe(200);
  expect(text).not.toContain('<script');
  expect(idsOn(text).filter((id) => id < 0n)).toEqual([]);
  expect((await filesOf(own)).length).toBe(4);
});

test.each(['0', '-1', 'x', '1.5', '9223372036854775808', '1%00', "1'--", '..%2f1'])(
  'there is no file %s',
  async (id) => {
    expect((await (await signedIn('dora')).get(`/files/${id}`)).status).toBe(404);
  },
);
