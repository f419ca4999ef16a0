import { Client } from 'pg';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';

let running: RunningConsole;
let browser: Browser;
beforeAll(async () => {
  running = await RunningConsole.start('streams');
  browser = new Browser(running);
  await browser.signIn('dora');
});
afterAll(() => running.stop());

interface Stream {
  readonly status: number;
  /** Waits for the next chunk that has these characters. */
  next(part: string): Promise<string>;
  close(): void;
}

async function follow(path: string, by = browser): Promise<Stream> {
  const stop = new AbortController();
  const response = await fetch(`${running.address}/coldroom${path}`, {
    redirect: 'manual',
    signal: stop.signal,
    headers: { cookie: [...by.cookies].map((pair) => pair.join('=')).join('; ') },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    status: response.status,
    next: async (part) => {
      for (let text = ''; ;) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`The stream ended without "${part}": ${text}`);
        text += value;
        if (text.includes(part)) return text;
      }
    },
    close: () => stop.abort(),
  };
}

test('sends the present version, and each that follows; a request does not hear of others', async () => {
  const [id, other] = [await running.newRequest(), await running.newRequest()];
  const before = (await running.register.reports.versions([id])).get(id);
  const stream = await follow(`/live?request=${id}`);
  await stream.next(`event: version\nid: 1\ndata: ${before}`);
  await running.register.requests.approve(other, 'dora');
  await running.register.requests.approve(id, 'dora');
  const after = (await running.register.reports.versions([id])).get(id);
  expect(await stream.next('data: ')).toContain(`data: ${after}`);
  stream.close();
});

test.each(['0', '-1', '1 OR 1=1', '999999', '99999999999999999999', ''])('request "%s" is not found', async (id) => {
  expect((await follow(`/live?request=${encodeURIComponent(id)}`)).status).toBe(404);
});

test('a request of others is not found, and no one is answered without a session', async () => {
  const id = await running.newRequest();
  const olga = new Browser(running);
  await olga.signIn('olga');
  expect((await follow(`/live?request=${id}`, olga)).status).toBe(404);
  expect((await follow('/live', new Browser(running))).status).toBe(303);
});

test('of 1,000 streams of one person 30 are served, pages still are, and all end with the connections', async () => {
  const streams = await Promise.all(Array.from({ length: 1000 }, () => follow('/live')));
  const served = streams.filter(({ status }) => status === 200);
  expect(served).toHaveLength(30);
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200, 429]));
  expect((await browser.get('/requests')).status).toBe(200);
  for (const stream of streams) stream.close();
  for (let status = 429; status !== 200;) {
    const again = await follow('/live');
    ({ status } = again);
    again.close();
  }
});

test('an open page does not prolong the session; using a page does', async () => {
  const connection = new Client(running.settings.registerUrl);
  await connection.connect();
  const expiry = async (): Promise<string> =>
    (await connection.query(`SELECT max(expire)::text AS at FROM coldroom.session`)).rows[0].at;
  await connection.query(`UPDATE coldroom.session SET expire = now() + interval '20 seconds'`);
  const soon = await expiry();
  expect((await browser.get('/requests', { 'x-coldroom-live': '1' })).status).toBe(200);
  const stream = await follow('/live');
  await stream.next('version');
  stream.close();
  expect(await expiry()).toBe(soon);
  await browser.get('/requests');
  expect(await expiry()).not.toBe(soon);
  await connection.end();
});
