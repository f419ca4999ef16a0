import pg from 'pg';
import { createToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
let authorization: string;
beforeAll(async () => {
  running = await RunningConsole.start('api_idempotent');
  const { secret } = await createToken(running.register, { name: 'robot', role: 'manager', days: 1, by: 'root' });
  authorization = `Bearer ${secret}`;
});
afterAll(() => running.stop());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const {
    status,
    headers: answered,
    text,
  } = await new Browser(running).send(`/api/v1/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization, 'content-type': 'application/json', ...headers },
  });
  return { status, headers: answered, body: JSON.parse(text) as Record<string, unknown> };
}

async function archived(): Promise<{ readonly id: bigint; readonly order: unknown }> {
  const id = await running.newRequest('image.tif', 2);
  await brought(running.register, id, () => 'released');
  const [file] = await running.register.reports.files({ requestId: id });
  return { id, order: { targets: [file!.fileset], way: 'restore' } };
}

test('a retrieval that is sent again with its key is answered as the first time', async () => {
  const { order } = await archived();
  const key = { 'idempotency-key': 'night-1' };
  const first = await post('retrievals', order, key);
  expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
  const again = await post('retrievals', order, key);
  expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([201, 'true', first.body]);
  expect((await post('retrievals', order)).status).toBe(200); // without the key: under way already
});

test('a decision that is sent again with its key is answered as the first time, with its ETag', async () => {
  const id = await running.newRequest();
  const headers = { 'idempotency-key': 'decide-1', 'if-match': '"1"' };
  const first = await post(`requests/${id}/decision`, { decision: 'approve' }, headers);
  const again = await post(`requests/${id}/decision`, { decision: 'approve' }, headers);
  expect([again.status, again.headers.get('etag'), again.body]).toEqual([200, first.headers.get('etag'), first.body]);
});

test.each<[string, unknown, Record<string, string>]>([
  ['another body', { decision: 'decline', reason: 'no' }, { 'if-match': '"1"' }],
  ['another revision', { decision: 'approve' }, { 'if-match': '"2"' }],
])('a key that is used again with %s is refused', async (what, body, headers) => {
  const id = await running.newRequest();
  const key = { 'idempotency-key': `other ${what}`.replaceAll(' ', '-') };
  await post(`requests/${id}/decision`, { decision: 'approve' }, { 'if-match': '"1"', ...key });
  expect(await post(`requests/${id}/decision`, body, { ...headers, ...key })).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_USED' },
  });
});

test('after a crash between the work and its answer, nothing is started twice', async () => {
  const { id, order } = await archived();
  const key = { 'idempotency-key': 'crash-1' };
  await post('retrievals', order, key);
  await sql(`UPDATE idempotency SET answer = NULL, running_until = now() + interval '1 minute' WHERE key = 'crash-1'`);
  const during = await post('retrievals', order, key);
  expect([during.status, during.body['code'], during.headers.get('retry-after')]).toEqual([
    409,
    'IDEMPOTENCY_RUNNING',
    '5',
  ]);
  await sql(`UPDATE idempotency SET running_until = now() WHERE key = 'crash-1'`);
  expect(await post('retrievals', order, key)).toMatchObject({ status: 200, body: { retrievals: [] } });
  const all = await running.register.retrievalReports.list(undefined, { limit: 100 });
  expect(all.filter(({ requestId }) => requestId === id)).toHaveLength(1);
});

test('a refusal does not use up the key', async () => {
  const id = await running.newRequest();
  const send = (revision: number) =>
    post(
      `requests/${id}/decision`,
      { decision: 'approve' },
      { 'idempotency-key': 'refused-1', 'if-match': `"${revision}"` },
    );
  expect((await send(7)).status).toBe(412);
  expect((await send(1)).status).toBe(200);
});

test('whoever has lost a role meanwhile does not get the answer that needed it', async () => {
  const root = new Browser(running);
  await root.signIn('root');
  const csrf = await root.csrf('/');
  const stop = () =>
    root.send('/api/v1/switches/stop', {
      method: 'POST',
      body: JSON.stringify({ reason: 'a disk is replaced' }),
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrf, 'idempotency-key': 'stop-1' },
    });
  expect((await stop()).status).toBe(200);
  expect((await stop()).headers.get('idempotency-replayed')).toBe('true');
  await sql(`UPDATE person SET administrator = false WHERE login = 'root'`);
  const later = await stop();
  expect([later.status, later.text]).toEqual([422, expect.stringContaining('your rights have changed')]);
  await sql(`UPDATE person SET administrator = true WHERE login = 'root'`);
  await running.register.switches.resume(undefined, 'test');
});

test.each(['', 'a b', 'ä', 'x'.repeat(201)])('the key "%s" is refused', async (key) => {
  const headers = { 'idempotency-key': Buffer.from(key).toString('latin1') };
  expect(await post('retrievals', { targets: ['Image:1'], way: 'restore' }, headers)).toMatchObject({ status: 400 });
});

async function sql(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: running.settings.registerUrl, options: '-c search_path=coldroom' });
  await client.connect();
  await client.query(statement);
  await client.end();
}
