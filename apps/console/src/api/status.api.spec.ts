import { createToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('api_status');
});
afterAll(() => running.stop());

type Answer = Readonly<Record<string, unknown>>;

async function call(login: Login | Record<string, string>, method: string, path: string, body?: unknown) {
  const browser = new Browser(running);
  if (typeof login === 'string') await browser.signIn(login);
  const { status, text } = await browser.send(`/api/v1/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(typeof login === 'string' ? { 'x-csrf-token': await browser.csrf() } : login),
    },
  });
  return { status, body: JSON.parse(text) as Answer };
}

test.each(['status', 'stuck', 'switches', 'scans/last', 'scans/1'])(
  'GET %s is for managers, administrators and auditors, and does not exist for others',
  async (path) => {
    for (const login of ['alice', 'lea'] as const)
      expect(await call(login, 'GET', path)).toMatchObject({ status: 404, body: { code: 'NO_SUCH_PAGE' } });
    for (const login of ['dora', 'root', 'ada'] as const)
      expect((await call(login, 'GET', path)).body['code']).not.toBe('NO_SUCH_PAGE');
  },
);

test('an administrator stops and resumes everything; no one else does', async () => {
  const reason = { reason: 'a disk is replaced' };
  const seen = { changedAt: new Date().toISOString() };
  for (const login of ['alice', 'dora', 'ada'] as const) {
    expect(await call(login, 'POST', 'switches/stop', reason)).toMatchObject({
      status: 403,
      body: { code: 'NOT_PERMITTED' },
    });
    expect((await call(login, 'POST', 'switches/resume', seen)).status).toBe(403);
  }
  expect(await call('root', 'POST', 'switches/stop', reason)).toMatchObject({
    status: 200,
    body: { data: [{ name: 'all', stopped: true, reason: reason.reason, changedBy: 'root' }] },
  });
  expect(await call('dora', 'GET', 'status')).toMatchObject({ body: { stopped: [{ name: 'all' }] } });
  expect(await call('root', 'POST', 'switches/resume', { ...seen, name: 'stage:none' })).toMatchObject({
    status: 404,
    body: { code: 'NO_SUCH_SWITCH' },
  });
  expect((await call('root', 'POST', 'switches/resume', {})).status).toBe(400);
  expect((await call('root', 'POST', 'switches/resume', seen)).body).toEqual({ resumed: [], stillStopped: ['all'] });
  const [all] = (await call('root', 'GET', 'switches')).body['data'] as { changedAt: string }[];
  const order = { changedAt: all?.changedAt };
  expect((await call('root', 'POST', 'switches/resume', order)).body).toEqual({ resumed: ['all'], stillStopped: [] });
});

test.each([{}, { reason: ' ' }, { reason: 'a\0' }, { reason: 'x', name: 'all' }])(
  'everything is not stopped by %j',
  async (body) => {
    expect((await call('root', 'POST', 'switches/stop', body)).status).toBeGreaterThanOrEqual(400);
    expect((await call('root', 'GET', 'switches')).body).toEqual({ data: [] });
  },
);

test('a manager requests a scan and reads what it found; a researcher does not', async () => {
  expect((await call('dora', 'GET', 'scans/last')).body).toEqual({ scan: null });
  expect((await call('alice', 'POST', 'scans')).status).toBe(403);
  const asked = await call('dora', 'POST', 'scans');
  expect(asked.status).toBe(202);
  const id = BigInt(asked.body['scan'] as string);
  expect((await call('dora', 'GET', `scans/${id}`)).body).toMatchObject({ finishedAt: null, failed: null });
  await running.register.scans.finish(id, { requests: [] }, null);
  expect((await call('dora', 'GET', 'scans/last')).body).toMatchObject({ scan: { id: id.toString() } });
  expect((await call('dora', 'GET', `scans/${id + 1n}`)).body['code']).toBe('NO_SUCH_SCAN');
});

test('everyone sees who they are; people choose their mail, and a token gets none', async () => {
  expect((await call('lea', 'GET', 'me')).body).toMatchObject({
    name: 'lea',
    personId: '8',
    roles: ['researcher', 'leader'],
    leads: ['3'],
    rights: { see: ['own', 'group'], approve: [], stop: [], withdraw: ['own', 'group'] },
    mail: { choice: 'atOnce', address: 'lea@example.org' },
  });
  expect((await call('lea', 'PUT', 'me/mail', { choice: 'daily' })).body).toMatchObject({ choice: 'daily' });
  expect((await call('lea', 'PUT', 'me/mail', { choice: 'weekly' })).status).toBe(400);
  const { secret } = await createToken(running.register, { name: 'robot', role: 'manager', days: 1, by: 'root' });
  const token = { authorization: `Bearer ${secret}` };
  expect((await call(token, 'GET', 'me')).body).toMatchObject({ name: 'token:robot', personId: null, mail: null });
  expect((await call(token, 'PUT', 'me/mail', { choice: 'daily' })).status).toBe(403);
});

test('the events of a request come page by page, each once; those of hidden requests do not exist', async () => {
  const id = await running.newRequest();
  await running.register.requests.approve(id, 'dora');
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await call('alice', 'GET', `requests/${id}/events?limit=1${cursor && `&cursor=${cursor}`}`);
    seen.push(...(body['data'] as { what: string }[]).map(({ what }) => what));
    cursor = body['next'] as string | null;
  }
  expect(seen).toEqual(['approve', 'scan']);
  const [hidden, missing] = [
    await call('olga', 'GET', `requests/${id}/events`),
    await call('olga', 'GET', 'requests/99/events'),
  ];
  expect([hidden.status, hidden.body]).toEqual([404, missing.body]);
});
