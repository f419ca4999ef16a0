import { Queue } from 'bullmq';
import { register as metrics } from 'prom-client';
import { stageNames } from '@coldroom/pipeline';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
let queue: Queue;
beforeAll(async () => {
  running = await RunningConsole.start('queues');
  queue = new Queue('hash', { connection: { url: running.settings.redisUrl }, prefix: running.settings.queuePrefix });
  await queue.add('bag', { v: 1, bagId: '5' }, { jobId: 'bag-5' });
});
afterAll(async () => {
  await queue.close();
  await running.stop();
});

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

const pages = ['/queues/board', '/queues/board/', '/queues/board/api/queues', '/queues/board/queue/hash'];

test('an administrator sees the queues of all stages, and the jobs in them', async () => {
  const root = await signedIn('root');
  const page = await root.get('/queues');
  expect(page.text).toContain('The register decides what is done');
  expect(page.text).toContain('src="/coldroom/queues/board"');
  const board = await root.get('/queues/board/');
  expect(board.text).toContain('<base href="/coldroom/queues/board/"');
  const { queues } = JSON.parse((await root.get('/queues/board/api/queues')).text) as {
    queues: { name: string; counts: Record<string, number>; readOnlyMode: boolean }[];
  };
  expect(queues.find(({ name }) => name === 'hash')).toMatchObject({ counts: { waiting: 1 }, readOnlyMode: true });
  expect(queues).toHaveLength(16);
});

test('the scripts and styles of the page are served below it, and its policy forbids the font service', async () => {
  const root = await signedIn('root');
  const { text, headers } = await root.get('/queues/board/');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('fonts.googleapis.com');
  const paths = [...text.matchAll(/(?:src|href)="(static\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  expect(paths.length).toBeGreaterThan(2);
  for (const path of paths) expect((await root.get(`/queues/board/${path}`)).status).toBe(200);
});

test.each<Login>(['alice', 'lea', 'dora', 'ada', 'olga'])('for %s there is no such page', async (login) => {
  const browser = await signedIn(login);
  for (const path of ['/queues', ...pages]) expect((await browser.get(path)).status).toBe(404);
});

test('without a sign-in there is no such page, whatever the spelling of its path', async () => {
  const anyone = new Browser(running);
  for (const path of [
    ...pages,
    '/queues//board/api/queues',
    '/queues/board/../board/api/queues',
    '/queues/%62oard/api/queues',
  ])
    expect((await anyone.get(path)).text).not.toContain('counts');
});

test('it is read-only: no job can be removed, even by an administrator', async () => {
  const root = await signedIn('root');
  const origin = new URL(running.settings.url).origin;
  const refused = await root.send('/queues/board/api/queues/hash/bag-5/clean', { method: 'PUT', headers: { origin } });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(await queue.getJobCountByTypes('waiting')).toBe(1);
});

test('the metrics say how many jobs are on each queue', async () => {
  const read = async () => (await metrics.metrics()).split('\n').filter((line) => line.startsWith('bullmq_job_count{'));
  expect(await read()).toContain('bullmq_job_count{queue="hash",state="waiting"} 1');
  expect(await read()).toContain('bullmq_job_count{queue="link",state="failed"} 0');
  expect(await read()).toHaveLength(3 * stageNames.length);
});

test('another site cannot act through the browser of an administrator', async () => {
  const writable = await RunningConsole.start('queues_writable', { queuesReadOnly: false });
  try {
    const root = new Browser(writable);
    await root.signIn('root');
    const path = '/queues/board/api/queues/hash/pause';
    const pause = (origin: string) => root.send(path, { method: 'PUT', headers: { origin } });
    expect((await pause('https://evil.example')).status).toBe(404);
    expect((await pause(new URL(writable.settings.url).origin)).status).toBe(200);
  } finally {
    await writable.stop();
  }
});
