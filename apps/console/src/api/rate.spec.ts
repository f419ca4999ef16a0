import { createToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('api_rate', { apiRate: 5 });
});
afterAll(() => running.stop());

async function token(name: string): Promise<Record<string, string>> {
  const { secret } = await createToken(running.register, { name, role: 'auditor', days: 1, by: 'root' });
  return { authorization: `Bearer ${secret}` };
}

const statuses = async (paths: readonly string[], headers: Record<string, string>): Promise<number[]> => {
  const found = [];
  for (const path of paths) found.push((await new Browser(running).get(path, headers)).status);
  return found;
};
const five = ['/api/v1/requests', '/api/v1/files', '/api/v1/retrievals', '/api/v1/requests', '/api/v1/files'];

test('all operations together are limited for each token, and the answer says when to try again', async () => {
  const [robot, other] = [await token('robot'), await token('other')];
  expect(await statuses(five, robot)).toEqual([200, 200, 200, 200, 200]);
  const { status, headers, text } = await new Browser(running).get('/api/v1/requests', robot);
  expect([status, JSON.parse(text)]).toMatchObject([
    429,
    { code: 'TOO_MANY_REQUESTS', detail: expect.stringContaining('More than 5 requests in a minute') },
  ]);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect(await statuses(['/api/v1/requests'], other)).toEqual([200]);
});

test('whoever has no token is limited by address, before it is refused', async () => {
  const wrong = { authorization: `Bearer coldroom_${'A'.repeat(43)}` };
  expect(await statuses([...five, '/api/v1/files'], wrong)).toEqual([401, 401, 401, 401, 401, 429]);
});

test('pages are not limited', async () => {
  const dora = new Browser(running);
  await dora.signIn('dora');
  for (let nr = 0; nr < 8; nr += 1) expect((await dora.get('/requests')).status).toBe(200);
});

test('a path that is written in another case is limited and answered like any other of the API', async () => {
  const loud = ['/API/v1/requests', '/Api/V1/files', '/api/v1/Retrievals', '/API/v1/requests', '/API/v1/files'];
  const robot = await token('loud');
  expect(await statuses([...loud, '/API/v1/requests', '/api/v1/requests'], robot)).toEqual([
    200, 200, 200, 200, 200, 429, 429,
  ]);
  const wrongMethod = await new Browser(running).send('/API/v1/Audit', { method: 'DELETE' });
  expect([wrongMethod.status, JSON.parse(wrongMethod.text)]).toMatchObject([405, { code: 'METHOD_NOT_ALLOWED' }]);
});
