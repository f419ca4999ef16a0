import { createToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';

let running: RunningConsole;
let authorization: string;
beforeAll(async () => {
  running = await RunningConsole.start('api_problems');
  const { secret } = await createToken(running.register, { name: 'robot', role: 'manager', days: 1, by: 'root' });
  authorization = `Bearer ${secret}`;
});
afterAll(() => running.stop());

async function send(path: string, init: RequestInit & { readonly headers?: Record<string, string> } = {}) {
  const { status, headers, text } = await new Browser(running).send(path, {
    ...init,
    headers: { authorization, 'content-type': 'application/json', ...init.headers },
  });
  return { status, headers, problem: JSON.parse(text) as Record<string, unknown> };
}

const post = (body: string, headers: Record<string, string> = {}) =>
  send('/api/v1/retrievals', { method: 'POST', body, headers });

const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;

test.each<[string, string, string]>([
  ['a key twice', '{"way":"restore","way":"recall","targets":["Image:1"]}', 'the field way is there twice'],
  ['a key twice, spelled in two ways', '{"way":"restore","w\\u0061y":"recall"}', 'the field way is there twice'],
  ['10,000 objects in one another', deep, 'nested more than 20 deep'],
  ['10,000 lists in one another', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'nested more than 20 deep'],
  ['__proto__', '{"way":"restore","targets":["Image:1"],"__proto__":{"dryRun":true}}', 'the field __proto__'],
  ['constructor', '{"way":"restore","targets":["Image:1"],"constructor":1}', 'the field constructor'],
  ['a number beyond the range', '{"way":"recall","targets":["Image:1"],"days":1e999}', 'the number 1e999 is too large'],
  ['a field that does not exist', '{"way":"restore","targets":["Image:1"],"state":"done"}', 'state'],
  ['no JSON', '{"way":', 'JSON'],
  ['a string', '"restore"', 'JSON'],
  ['a zero byte', '{"way":"restore","targets":["Image:1\\u0000"]}', 'zero byte'],
])('%s in the body is refused with a clear text', async (_what, body, detail) => {
  const { status, headers, problem } = await post(body);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect([status, problem]).toEqual([
    400,
    {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'BAD_REQUEST',
      detail: expect.stringContaining(detail),
    },
  ]);
});

test('texts that look like a key twice are no problem', async () => {
  const { status } = await post('{"way":"restore","targets":["Image:1","Image:1","\\"way\\":"],"dryRun":true}');
  expect(status).toBe(400); // by the targets
  const ordinary = '{"targets": ["Image:1", "Image:1"], "way": "restore", "dryRun": true}';
  expect((await post(ordinary)).problem['code']).not.toBe('BAD_REQUEST');
});

test('a body of 100 MB is refused', async () => {
  const body = JSON.stringify({ way: 'restore', targets: ['x'.repeat(100_000_000)] });
  expect(await post(body)).toMatchObject({ status: 413, problem: { status: 413, code: 'TOO_LARGE' } });
});

test.each<[string, string, number, string, RequestInit]>([
  ['a path that does not exist', '/api/v1/nothing', 404, 'NOT_FOUND', {}],
  ['a path that does not exist', '/api/v2/requests', 404, 'NOT_FOUND', { method: 'POST', body: '{}' }],
  ['an id that is no number', '/api/v1/requests/abc', 404, 'NOT_FOUND', {}],
  ['a path that is not encoded rightly', '/api/v1/requests/%FF', 400, 'BAD_REQUEST', {}],
  ['a method that the path does not have', '/api/v1/requests/1', 405, 'METHOD_NOT_ALLOWED', { method: 'DELETE' }],
  ['a method that the path does not have', '/api/v1/files', 405, 'METHOD_NOT_ALLOWED', { method: 'PUT', body: '{}' }],
  ['a form', '/api/v1/retrievals', 415, 'UNSUPPORTED_MEDIA_TYPE', { method: 'POST', body: new URLSearchParams('a=1') }],
  ['another charset', '/api/v1/retrievals', 415, 'UNSUPPORTED_MEDIA_TYPE', { method: 'POST', body: '{}' }],
  ['an unknown parameter', '/api/v1/requests?visibleTo=1', 400, 'BAD_REQUEST', {}],
])('%s (%s) is answered with %d %s', async (what, path, status, code, init) => {
  const type = what === 'a form' ? 'application/x-www-form-urlencoded' : 'application/json; charset=latin1';
  const headers: Record<string, string> =
    what === 'a form' || what === 'another charset' ? { 'content-type': type } : {};
  const answered = await send(path, { ...init, headers });
  expect(answered).toMatchObject({ status, problem: { status, code } });
  expect(answered.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, OPTIONS' : null);
});

test('other sites get no rights by CORS', async () => {
  for (const method of ['OPTIONS', 'GET']) {
    const headers = { origin: 'https://evil.example.org', 'access-control-request-method': 'POST' };
    const { headers: answered } = await new Browser(running).send('/api/v1/requests', { method, headers });
    expect([...answered.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});
