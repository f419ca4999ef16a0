import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeOmeroWeb } from '@coldroom/fake-omero-web';
import { createDatabase, freePort, startPostgres, startRedis } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { startService, type RunningService } from '@coldroom/runtime/process';
import { fillRegister, managerId, type Filled } from './big-register';
import { peakMemory } from './processes';
import { seconds } from './peers';

export interface PageTime {
  readonly page: string;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly kilobytes: number;
}

const looks = 200;

/** How long pages and API take with a large register, as a browser on the same machine sees it, one look at a time. */
export async function timePages(
  dir: string,
  files: number,
): Promise<{ readonly pages: readonly PageTime[]; readonly peakBytes: number }> {
  const postgres = await startPostgres({ dir: join(dir, 'servers') });
  const redis = await startRedis({ dir: join(dir, 'servers') });
  const omeroWeb = await startFakeOmeroWeb({
    accounts: [{ id: Number(managerId), username: 'manager', password: 'manager' }],
  });
  const registerUrl = await createDatabase(postgres.url, 'register', { existing: 'drop' });
  await migrate(registerUrl);
  const register = new Register(registerUrl);
  let console_: { readonly url: string; readonly service: RunningService } | undefined;
  try {
    let filled: Filled | undefined;
    const filling = await seconds(async () => {
      filled = await fillRegister({ url: registerUrl, register, files });
    });
    const { requests, running, waiting } = filled as unknown as Filled;
    console.log(`  filled in ${filling.toFixed(0)} s: ${requests} requests`);
    console_ = await startConsole({ registerUrl, redisUrl: redis.url, omeroWebUrl: omeroWeb.url });
    const cookie = await signIn(console_.url);
    const pages: PageTime[] = [];
    for (const [page, path] of pathsOf({ requests, running, waiting }))
      pages.push(await timeOne({ page, url: `${console_.url}${path}`, cookie }));
    return { pages, peakBytes: peakMemory(console_.service.pid) };
  } finally {
    await console_?.service.stop(10_000);
    await omeroWeb.close();
    await register.close();
    await redis.stop();
    await postgres.stop();
  }
}

function pathsOf({ running, waiting }: Filled): readonly (readonly [string, string])[] {
  return [
    ['overview', ''],
    ['list of requests', 'requests'],
    ['request that waits', `requests/${waiting}`],
    ['request under way', `requests/${running}`],
    ['my images', 'me'],
    ['stores', 'stores'],
    ['audit', 'audit'],
    ['system', 'system'],
    ['usage', 'usage'],
    ['API: usage', 'api/v1/usage'],
    ['API: requests', 'api/v1/requests'],
    ['API: a request', `api/v1/requests/${running}`],
  ];
}

interface Surroundings {
  readonly registerUrl: string;
  readonly redisUrl: string;
  readonly omeroWebUrl: string;
}

async function startConsole({
  registerUrl,
  redisUrl,
  omeroWebUrl,
}: Surroundings): Promise<{ readonly url: string; readonly service: RunningService }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/coldroom/`;
  const service = startService({
    name: 'console',
    main: join(__dirname, '..', '..', '..', 'apps', 'console', 'dist', 'main.js'),
    env: {
      REGISTER_DATABASE_URL: registerUrl,
      REDIS_URL: redisUrl,
      COLDROOM_URL: url,
      CONSOLE_PORT: String(port),
      COLDROOM_SESSION_SECRET: randomBytes(24).toString('hex'),
      COLDROOM_MANAGERS: 'manager',
      COLDROOM_API_RATE: '1000000', // the limit is not what is measured
      OMERO_WEB_URL: omeroWebUrl,
      METRICS_PORT: '0',
    },
    onLine: () => undefined,
  });
  let exited = false;
  void service.exited.then(() => (exited = true));
  while (!(await fetch(`${url}sign-in`).catch(() => undefined))?.ok) {
    if (exited) throw new Error(`the console did not start:\n${service.lines.slice(-5).join('\n')}`);
    await sleep(100);
  }
  return { url, service };
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'manager', password: 'manager' }),
    headers: { origin: new URL(url).origin },
    redirect: 'manual',
  });
  if (answer.status !== 303) throw new Error(`the sign-in was answered with ${answer.status}`);
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

interface Look {
  readonly page: string;
  readonly url: string;
  readonly cookie: string;
}

async function timeOne({ page, url, cookie }: Look): Promise<PageTime> {
  const times: number[] = [];
  let bytes = 0;
  for (let look = 0; look < looks; look += 1) {
    const start = performance.now();
    const answer = await fetch(url, { headers: { cookie }, redirect: 'manual' });
    if (answer.status !== 200) throw new Error(`${url} was answered with ${answer.status}`);
    bytes = (await answer.arrayBuffer()).byteLength;
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  const at = (share: number): number => Math.round((times[Math.floor(looks * share)] as number) * 10) / 10;
  return { page, p50_ms: at(0.5), p99_ms: at(0.99), kilobytes: Math.round(bytes / 100) / 10 };
}
