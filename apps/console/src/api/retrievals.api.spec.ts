import { createToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('api_retrievals');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

async function send(browser: Browser, method: string, path: string, body?: unknown) {
  const { status, text } = await browser.send(`/api/v1/retrievals${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: {
      origin: new URL(running.settings.url).origin,
      'content-type': 'application/json',
      'x-csrf-token': await browser.csrf(),
    },
  });
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

async function archived(): Promise<bigint> {
  const id = await running.newRequest();
  await brought(running.register, id, () => 'released');
  return id;
}

const statesOf = async (requestId: bigint) => [
  ...new Set((await running.register.reports.files({ requestId })).map(({ state }) => state)),
];

test('a retrieval is planned, requested once, listed, shown and cancelled', async () => {
  const id = await archived();
  const alice = await signedIn('alice');
  const order = { targets: [`Request:${id}`, 'Image:987654'], way: 'restore' };
  expect(await send(alice, 'POST', '', { ...order, dryRun: true })).toMatchObject({
    status: 200,
    body: { plan: { images: 2, fetch: [{ store: 'tape', files: 2, bytes: '2147483648' }] }, missing: ['Image:987654'] },
  });
  expect(await statesOf(id)).toEqual(['released']);
  const asked = await send(alice, 'POST', '', order);
  expect(asked).toMatchObject({ status: 201, body: { asked: 2, undoing: 0, retrievals: [expect.any(String)] } });
  expect(await send(alice, 'POST', '', order)).toMatchObject({ status: 200, body: { asked: 0, retrievals: [] } });
  const [retrieval] = asked.body['retrievals'] as string[];
  const list = JSON.parse((await alice.get('/api/v1/retrievals?limit=1')).text) as { data: { id: string }[] };
  expect(list.data[0]).toMatchObject({ id: retrieval, state: 'under way', askedBy: 'alice' });
  expect(JSON.parse((await alice.get(`/api/v1/retrievals/${retrieval}`)).text)).toMatchObject({
    retrieval: { files: 2 },
    amounts: [{ state: 'retrieving', files: 2 }],
  });
  expect(await send(alice, 'DELETE', `/${retrieval}`)).toEqual({ status: 200, body: { cancelled: 2 } });
  expect(await statesOf(id)).toEqual(['linked']);
});

test('images that are being retrieved are cancelled by name, whoever asked for them', async () => {
  const [id, other] = [await archived(), await archived()];
  const dora = await signedIn('dora');
  await send(dora, 'POST', '', { targets: [`Request:${id}`, `Request:${other}`], way: 'restore' });
  const [image] = await running.register.reports.images(id);
  const order = { targets: [`Image:${image!.imageId}`, 'Image:987654'] };
  const alice = await signedIn('alice');
  expect(await send(alice, 'POST', '/cancel', { ...order, dryRun: true })).toEqual({
    status: 200,
    body: { underWay: { files: 2, bytes: '2147483648' }, missing: ['Image:987654'], seen: null },
  });
  expect(await statesOf(id)).toEqual(['retrieving']);
  expect(await send(alice, 'POST', '/cancel', order)).toEqual({
    status: 200,
    body: { cancelled: 2, missing: ['Image:987654'] },
  });
  expect([await statesOf(id), await statesOf(other)]).toEqual([['linked'], ['retrieving']]);
  expect(await send(alice, 'POST', '/cancel', order)).toMatchObject({ status: 200, body: { cancelled: 0 } });
});

test.each<[Login, number, string]>([
  ['ada', 403, 'NOT_PERMITTED'],
  ['olga', 404, 'NO_SUCH_TARGET'],
])('%s gets %d for cancelling by name what alice gets back', async (login, status, code) => {
  const id = await archived();
  await send(await signedIn('alice'), 'POST', '', { targets: [`Request:${id}`], way: 'restore' });
  const order = { targets: [`Request:${id}`] };
  for (const dryRun of [true, false])
    expect(await send(await signedIn(login), 'POST', '/cancel', { ...order, dryRun })).toMatchObject({
      status,
      body: { code },
    });
  expect(await statesOf(id)).toEqual(['retrieving']);
});

test.each<[Login, number, number]>([
  ['alice', 201, 200],
  ['lea', 201, 200],
  ['dora', 201, 200],
  ['root', 201, 200],
  ['ada', 403, 403],
  ['olga', 404, 404],
])('%s gets %d for a retrieval of what alice archived, and %d to cancel it', async (login, asked, cancelled) => {
  const id = await archived();
  const browser = await signedIn(login);
  const order = { targets: [`Request:${id}`], way: 'recall', days: 3 };
  expect((await send(browser, 'POST', '', { ...order, dryRun: true })).status).toBe(asked === 201 ? 200 : asked);
  expect((await send(browser, 'POST', '', order)).status).toBe(asked);
  await send(await signedIn('alice'), 'POST', '', order);
  const [newest] = await running.register.retrievalReports.list(undefined, { limit: 1 });
  expect((await send(browser, 'DELETE', `/${newest!.id}`)).status).toBe(cancelled);
  expect(await statesOf(id)).toEqual([cancelled === 200 ? 'linked' : 'retrieving']);
});

test('a machine requests a retrieval with a token, as the role that it has', async () => {
  const id = await archived();
  for (const [role, expected] of [
    ['auditor', 403],
    ['manager', 201],
  ] as const) {
    const { secret } = await createToken(running.register, { name: role, role, days: 1, by: 'root' });
    const { status } = await new Browser(running).send('/api/v1/retrievals', {
      method: 'POST',
      body: JSON.stringify({ targets: [`Request:${id}`], way: 'restore' }),
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    });
    expect(status).toBe(expected);
  }
});

test.each<[string, unknown]>([
  ['no targets', { targets: [], way: 'restore' }],
  ['no way', { targets: ['Image:1'] }],
  ['a kind that does not exist', { targets: ['Well:1'], way: 'restore' }],
  ['a number instead of text', { targets: [1], way: 'restore' }],
  ['a number that is too large', { targets: ['Image:9223372036854775808'], way: 'restore' }],
  ['a range of a million', { targets: ['Image:1-1000000'], way: 'restore' }],
  ['NUL', { targets: ['Fileset:1\0'], way: 'restore' }],
  ['SQL', { targets: ["Image:1'); DROP TABLE file; --"], way: 'restore' }],
  ['days of a restore', { targets: ['Image:1'], way: 'restore', days: 3 }],
  ['half a day', { targets: ['Image:1'], way: 'recall', days: 0.5 }],
  ['infinitely many days', '{"targets": ["Image:1"], "way": "recall", "days": 1e999}'],
  ['a field that does not exist', { targets: ['Image:1'], way: 'restore', by: 'root' }],
  ['a prototype', '{"targets": ["Image:1"], "way": "restore", "__proto__": {"by": "root"}, "constructor": 1}'],
  ['no JSON', '{'],
])('%s is refused with problem details', async (_what, body) => {
  expect(await send(await signedIn('dora'), 'POST', '', body)).toMatchObject({ status: 400 });
});
