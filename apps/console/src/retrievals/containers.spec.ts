import { AnsweringScanner } from '../testing/answering-scanner';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought, sampleRequest } from '../testing/sample-requests';

let running: RunningConsole;
let scanner: AnsweringScanner;
let archived: bigint;
let images: readonly bigint[];
beforeAll(async () => {
  running = await RunningConsole.start('containers');
  scanner = new AnsweringScanner(running.register);
  archived = await running.newRequest('cell.tif', 2);
  await brought(running.register, archived, () => 'released');
  images = (await running.register.reports.images(archived)).map(({ imageId }) => imageId);
  const foreign = await sampleRequest(running.register, {
    owner: 'olga',
    group: 'microscopy',
    filesets: [{ name: '2026-11/secret.czi', marked: 1, files: 1, fileSize: 5n }],
  });
  await brought(running.register, foreign, () => 'released');
  const secret = (await running.register.reports.images(foreign)).map(({ imageId }) => imageId);
  scanner.containers.push(
    { kind: 'Dataset', id: 7n, name: '<i>cells</i>', imageIds: [...images, 987_001n, 987_002n] },
    { kind: 'Project', id: 7n, name: 'Mitosis', imageIds: [987_001n] },
    { kind: 'Plate', id: 8n, name: 'Plate', imageIds: [images[0]!, 987_001n] },
    { kind: 'Screen', id: 3n, name: 'Secret screen', imageIds: secret },
  );
});
afterAll(async () => {
  await scanner.stop();
  await running.stop();
});

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

test('a dataset that was opened shows its images, and offers those that are away by its own name', async () => {
  const { text } = await (await signedIn('alice')).get(`/open?dataset=7&image=${images[0]}`);
  for (const expected of [
    `<h1>${images.length} images in the archive</h1>`,
    '2 more are not in the archive, or not yours to see.',
    '&lt;i>cells&lt;/i> <span class="muted nobreak">Dataset 7</span>',
    `${images.length + 2} images, of which 2 are not in the archive, or not yours to see`,
    `value="Image:${images[0]} Dataset:7"`,
  ])
    expect(text).toContain(expected);
});

test('a container without an archived image, a foreign one and an unknown one look alike', async () => {
  const alice = await signedIn('alice');
  const shown = async (query: string, name: string) =>
    (await alice.get(`/open?${query}`)).text.replaceAll(name, 'Container 1').replaceAll(query, 'query');
  const unknown = await shown('plate=9', 'Plate 9');
  expect(unknown).toContain('Nothing in the archive');
  expect(await shown('project=7', 'Project 7')).toBe(unknown);
  expect(await shown('screen=3', 'Screen 3')).toBe(unknown);
  expect((await (await signedIn('olga')).get('/open?screen=3')).text).toContain('Secret screen');
});

const seenIn = (text: string): string => /name="seen" value="([^"]+)"/.exec(text)?.[1] ?? '';

test('a dataset that has changed since the plan is not brought back, and the page asks to look again', async () => {
  const alice = await signedIn('alice');
  const { text } = await alice.get('/ask-back?what=Dataset:7&way=restore');
  expect(text).toContain(`${images.length} images would come back`);
  expect(text).toContain(`Dataset:7</span>: 2 of ${images.length + 2} images`);
  const form = { _csrf: await alice.csrf('/ask-back'), what: 'Dataset:7', way: 'restore', seen: seenIn(text) };
  const before = scanner.containers[0]!;
  scanner.containers[0] = { ...before, imageIds: [...before.imageIds, 987_003n] };
  await running.register.containers.ask([{ kind: 'Dataset', id: 7n }], 0); // as someone else who opens it
  const refused = await alice.post('/ask-back', form);
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('has changed since it was shown')]);
  expect(await states()).toEqual(new Set(['released']));
  scanner.containers[0] = before;
  await running.register.containers.ask([{ kind: 'Dataset', id: 7n }], 0);
  expect((await alice.post('/ask-back', form)).status).toBe(303);
  expect(await states()).toEqual(new Set(['retrieving']));
});

const states = async () =>
  new Set((await running.register.reports.files({ requestId: archived })).map(({ state }) => state));

test('of a container with too many images, only who may see everything learns that it exists', async () => {
  scanner.failure = { code: 'CONTAINER_TOO_LARGE', reason: 'Screen:5 has more than 100000 images' };
  try {
    const alice = await (await signedIn('alice')).get('/ask-back?what=Screen:5');
    expect([alice.status, alice.text]).toEqual([404, expect.stringContaining('None of this is in the archive')]);
    const dora = await (await signedIn('dora')).get('/ask-back?what=Screen:5');
    expect([dora.status, dora.text]).toEqual([409, expect.stringContaining('more than 100000 images')]);
  } finally {
    scanner.failure = undefined;
  }
});

test('more than twenty containers at once are refused', async () => {
  const alice = await signedIn('alice');
  const numbers = Array.from({ length: 21 }, (_, at) => at + 1);
  expect((await alice.get(`/ask-back?what=Plate:${numbers.join(',')}`)).status).toBe(400);
  expect((await alice.get(`/open?${numbers.map((id) => `plate=${id}`).join('&')}`)).status).toBe(400);
});

test('a name that leads nowhere is said to be missing, beside what is there', async () => {
  const alice = await signedIn('alice');
  expect((await alice.get(`/ask-back?what=${images[0]}+Plate:9`)).text).toContain('<p class="path">Plate:9</p>');
  const nothing = await alice.get('/ask-back?what=Screen:3');
  expect([nothing.status, nothing.text]).toEqual([404, expect.stringContaining('None of this is in the archive')]);
});

test('the API names containers, too', async () => {
  const alice = await signedIn('alice');
  const { status, text } = await alice.send('/api/v1/retrievals', {
    method: 'POST',
    body: JSON.stringify({ targets: [`Image:${images[0]}`, 'Project:7', 'Plate:8'], way: 'restore', dryRun: true }),
    headers: {
      origin: new URL(running.settings.url).origin,
      'content-type': 'application/json',
      'x-csrf-token': await alice.csrf(),
    },
  });
  expect([status, JSON.parse(text)]).toMatchObject([
    200,
    { missing: ['Project:7'], incomplete: [{ container: 'Plate:8', images: 2, missing: 1 }] },
  ]);
});

test('if OMERO cannot be read, or no scanner answers, the page says so and what was named stays', async () => {
  const alice = await signedIn('alice');
  scanner.failure = { code: 'OMERO_DATABASE_UNAVAILABLE', reason: "OMERO's database does not answer: <down>." };
  try {
    const failed = await alice.get('/ask-back?what=Plate:12');
    expect([failed.status, failed.text]).toEqual([503, expect.stringContaining('could not read Plate:12 in OMERO')]);
    expect(failed.text).toContain('Plate:12</textarea>');
    expect(failed.text).not.toContain('down');
    const dora = await (await signedIn('dora')).get('/ask-back?what=Plate:12');
    expect(dora.text).toContain('does not answer: &lt;down>');
    expect((await alice.get('/open?plate=12')).status).toBe(503);
  } finally {
    scanner.failure = undefined;
  }
  scanner.silent = true;
  try {
    const { status, text } = await alice.get('/ask-back?what=Plate:13');
    expect([status, text]).toEqual([503, expect.stringContaining('The scanner has not answered yet')]);
  } finally {
    scanner.silent = false;
  }
}, 30_000);
