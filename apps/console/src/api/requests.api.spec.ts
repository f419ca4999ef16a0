import { createToken, revokeToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('api');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

async function decide(browser: Browser, id: bigint, body: unknown, headers: Record<string, string> = {}) {
  const {
    status,
    text,
    headers: answered,
  } = await browser.send(`/api/v1/requests/${id}/decision`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: {
      origin: new URL(running.settings.url).origin,
      'content-type': 'application/json',
      'x-csrf-token': await browser.csrf(),
      ...headers,
    },
  });
  return {
    status,
    headers: answered,
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : text,
  };
}

test('a request has its revision as ETag, and its 64-bit numbers as strings', async () => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  const { status, headers, text } = await dora.get(`/api/v1/requests/${id}`);
  expect([status, headers.get('etag')]).toEqual([200, '"1"']);
  expect(JSON.parse(text)).toMatchObject({
    request: { id: id.toString(), bytes: (2n << 30n).toString(), state: 'New' },
    permitted: expect.arrayContaining(['approve', 'decline']),
  });
  const { data } = JSON.parse((await dora.get('/api/v1/requests?state=New')).text) as { data: { id: string }[] };
  expect(data.map((each) => each.id)).toContain(id.toString());
  expect((await dora.get('/api/v1/requests?state=Odd')).status).toBe(400);
});

test('a decision names the revision: the second of two gets 412 with what was decided', async () => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  const order = { decision: 'approve' };
  expect(await decide(dora, id, order)).toMatchObject({ status: 428 });
  expect(await decide(dora, id, order, { 'if-match': 'W/"1"' })).toMatchObject({ status: 400 });
  expect(await decide(dora, id, order, { 'if-match': '"1"' })).toMatchObject({
    status: 200,
    body: { request: { state: 'Approved', decidedBy: 'dora' } },
  });
  expect(await decide(dora, id, { decision: 'decline', reason: 'no' }, { 'if-match': '"1"' })).toMatchObject({
    status: 412,
    body: { status: 412, code: 'REQUEST_DECIDED', request: { state: 'Approved', revision: 2 } },
  });
});

test('a part of a request is decided, and only filesets that it has', async () => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  const part = (filesets: unknown) => decide(dora, id, { decision: 'approve', filesets }, { 'if-match': '"1"' });
  expect(await part(['Fileset:999'])).toMatchObject({ status: 404, body: { code: 'NO_SUCH_FILESET' } });
  for (const wrong of [[], 'Fileset:1', [1]]) expect((await part(wrong)).status).toBe(400);
  expect((await running.register.requests.get(id))?.state).toBe('New');
});

test('without a sign-in, or without the right, the answer is problem details with a stable code', async () => {
  const id = await running.newRequest();
  const anyone = await new Browser(running).get(`/api/v1/requests/${id}`);
  expect([anyone.status, anyone.headers.get('content-type'), anyone.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringContaining('application/problem+json'),
    'Bearer',
  ]);
  const olga = await signedIn('olga');
  expect(JSON.parse((await olga.get(`/api/v1/requests/${id}`)).text)).toMatchObject({
    status: 404,
    code: 'NO_SUCH_REQUEST',
  });
  const alice = await signedIn('alice');
  expect(await decide(alice, id, { decision: 'approve' }, { 'if-match': '"1"' })).toMatchObject({
    status: 403,
    body: { code: 'NOT_PERMITTED' },
  });
});

test.each<[string, unknown]>([
  ['a field that does not exist', { decision: 'approve', state: 'Running' }],
  ['no decision', {}],
  ['another decision', { decision: 'delete' }],
  ['a list', '[]'],
  ['no JSON', '{'],
  ['a number that is too large', '{"decision": 1e999}'],
  ['JSON that is 10,000 deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['a prototype', '{"decision": "approve", "__proto__": {"state": "Running"}, "constructor": 1}'],
])('%s is refused, and nothing is decided', async (_what, body) => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  expect((await decide(dora, id, body, { 'if-match': '"1"' })).status).toBe(400);
  expect((await running.register.requests.get(id))?.state).toBe('New');
});

test('a body beyond the limit is refused', async () => {
  const dora = await signedIn('dora');
  const body = { decision: 'decline', reason: 'x'.repeat(200_000) };
  expect((await decide(dora, await running.newRequest(), body, { 'if-match': '"1"' })).status).toBe(413);
});

test('a machine decides with a token, without cookies and their protection, until the token is revoked', async () => {
  const id = await running.newRequest();
  const { secret } = await createToken(running.register, { name: 'robot', role: 'manager', days: 1, by: 'root' });
  const machine = new Browser(running);
  const authorization = `Bearer ${secret}`;
  const send = (decision: string) =>
    machine.send(`/api/v1/requests/${id}/decision`, {
      method: 'POST',
      body: JSON.stringify({ decision, reason: 'full' }),
      headers: { authorization, 'content-type': 'application/json', 'if-match': '"1"' },
    });
  expect((await send('decline')).status).toBe(200);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Declined', decidedBy: 'token:robot' });
  expect((await machine.get(`/requests/${id}`, { authorization })).status).toBe(303); // pages are for people
  expect((await machine.get('/queues/board/api/queues', { authorization })).status).toBe(404);
  await revokeToken(running.register, 'robot', 'root');
  expect((await send('decline')).status).toBe(401);
});

test.each(['', 'Bearer', 'Bearer x', 'Basic cm9vdDpyb290', `Bearer coldroom_${'A'.repeat(43)}`])(
  'the authorization "%s" opens nothing, even beside a session',
  async (authorization) => {
    const root = await signedIn('root');
    expect((await root.get('/api/v1/requests', { authorization })).status).toBe(401);
  },
);
