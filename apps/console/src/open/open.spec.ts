import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought, sampleRequest } from '../testing/sample-requests';

let running: RunningConsole;
let archived: bigint;
let waiting: bigint;
let foreign: bigint;
beforeAll(async () => {
  running = await RunningConsole.start('open');
  archived = await running.newRequest('<b>cells</b>');
  await brought(running.register, archived, () => 'released');
  waiting = await running.newRequest('neurons');
  foreign = await sampleRequest(running.register, {
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
const imageOf = async (requestId: bigint) => (await running.register.reports.images(requestId))[0]!.imageId;

test('exactly the chosen images are shown, in plain words, with what the person may do', async () => {
  const [one, other] = [await imageOf(archived), await imageOf(waiting)];
  const { text } = await (await signedIn('alice')).get(`/open?image=${one}&image=${other}&image=987654`);
  for (const expected of [
    '1 of 2 images in the archive',
    '1 more is not in the archive, or not yours to see.',
    '2 files, 2.00 GiB: safe in the archive.',
    'waiting for a decision; nothing has been touched',
    '&lt;b>cells&lt;/b>',
    `href="/coldroom/requests/${archived}"`,
    `value="Image:${one}"`,
    '1 image not in the archive',
    '987654',
  ])
    expect(text).toContain(expected);
  expect(text).not.toContain('<b>cells');
});

test.each<[Login, boolean, boolean]>([
  ['alice', true, true],
  ['lea', true, true],
  ['dora', true, true],
  ['root', true, true],
  ['ada', true, false],
  ['olga', false, false],
])('%s sees the image: %s, and may bring it back: %s', async (login, seen, may) => {
  const { text } = await (await signedIn(login)).get(`/open?image=${await imageOf(archived)}`);
  expect([text.includes('cells'), text.includes('name="what"')]).toEqual([seen, may]);
});

test('a foreign image and an unknown one look alike, alone and beside one of their own', async () => {
  const alice = await signedIn('alice');
  const own = await imageOf(archived);
  const shown = async (image: bigint, query: string) =>
    (await alice.get(`/open?${query}image=${image}`)).text.replaceAll(String(image), 'N');
  for (const query of ['', `image=${own}&`])
    expect(await shown(await imageOf(foreign), query)).toBe(await shown(987654n, query));
  expect(await shown(987654n, `image=${own}&`)).toContain('<h1>1 image in the archive</h1>');
});

test('the headline counts what the person sees, and an image that is named twice once', async () => {
  const [own, other] = [await imageOf(archived), await imageOf(foreign)];
  const query = `/open?image=${own}&image=${other}&image=${other}&image=987654`;
  const alice = (await (await signedIn('alice')).get(query)).text;
  expect(alice).toContain('<h1>1 image in the archive</h1>');
  expect(alice).toContain('2 more are not in the archive, or not yours to see.');
  const dora = (await (await signedIn('dora')).get(query)).text;
  expect(dora).toContain('<h1>1 of 2 images in the archive</h1>');
  expect(dora).toContain('1 more is not in the archive, or not yours to see.');
});

test('an image of two requests is shown with the one that has it now', async () => {
  const declined = await running.newRequest('again');
  const image = await imageOf(declined);
  const { fileset } = (await running.register.reports.images(declined))[0]!;
  await running.register.requests.decline(declined, 'test', 'later');
  async function* once<T>(value: T): AsyncGenerator<T> {
    yield value;
  }
  const now = await running.newRequest();
  const images = once([{ imageId: image, name: 'again', fileset, marked: true }]);
  await running.register.requests.refresh(now, { images, files: once([]) }, 'test');
  const { text } = await (await signedIn('alice')).get(`/open?image=${image}`);
  expect(text).toContain(`/requests/${now}"`);
  expect(text).not.toContain(`/requests/${declined}"`);
});

test('a thousand images are shown, and one more is refused', async () => {
  const alice = await signedIn('alice');
  const chosen = (count: number) => Array.from({ length: count }, (_, at) => `image=${at + 1}`).join('&');
  expect((await alice.get(`/open?${chosen(1000)}`)).status).toBe(200);
  const refused = await alice.get(`/open?${chosen(1001)}`);
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('At most 1000 objects')]);
});

test.each([
  'image=x',
  'image=0',
  'image=1&image=',
  'image=1e3',
  'image=9223372036854775808',
  'dataset=-1',
  'well=1',
  'image[]=1',
  'image=1%00',
])('/open?%s is refused with a reason', async (query) => {
  const { status, text } = await (await signedIn('alice')).get(`/open?${query}`);
  expect(status).toBe(400);
  expect(text).toMatch(/must name numbers|Unrecognized key/);
});

test('whoever is not signed in comes back afterwards', async () => {
  const anyone = await new Browser(running).get('/open?image=1&image=2');
  expect([anyone.status, anyone.headers.get('location')]).toEqual([
    303,
    `/coldroom/sign-in?next=${encodeURIComponent('/coldroom/open?image=1&image=2')}`,
  ]);
});
