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
    `${images.length} of ${images.length + 2} images in the archive`,
    '&lt;i>cells&lt;/i> <span class="muted nobreak">Dataset 7</span>',
    `${images.length + 2} images, of which the archive does not have 2`,
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

test('a dataset is brought back as the plan showed it, even if it changes meanwhile', async () => {
  const alice = await signedIn('alice');
  const form = { _csrf: await alice.csrf('/ask-back'), what: 'Dataset:7', way: 'restore' };
  const plan = await alice.get('/ask-back?what=Dataset:7&way=restore');
  expect(plan.text).toContain(`${images.length} images would come back`);
  scanner.containers[0] = { ...scanner.containers[0]!, imageIds: [] };
  expect((await alice.post('/ask-back', form)).status).toBe(303);
  const states = (await running.register.reports.files({ requestId: archived })).map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['retrieving']));
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
    body: JSON.stringify({ targets: [`Image:${images[0]}`, 'Project:7'], way: 'restore', dryRun: true }),
    headers: {
      origin: new URL(running.settings.url).origin,
      'content-type': 'application/json',
      'x-csrf-token': await alice.csrf(),
    },
  });
  expect([status, JSON.parse(text)]).toMatchObject([200, { missing: ['Project:7'] }]);
});

test('if OMERO cannot be read, or no scanner answers, the page says so and what was named stays', async () => {
  const alice = await signedIn('alice');
  scanner.failure = { code: 'OMERO_DATABASE_UNAVAILABLE', reason: "OMERO's database does not answer: <down>." };
  try {
    const failed = await alice.get('/ask-back?what=Plate:12');
    expect([failed.status, failed.text]).toEqual([503, expect.stringContaining('does not answer: &lt;down>')]);
    expect(failed.text).toContain('Plate:12</textarea>');
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
