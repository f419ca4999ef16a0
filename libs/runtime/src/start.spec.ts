import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(__dirname, '..', 'dist', 'testing', 'sample-service.js');
const good = {
  REGISTER_DATABASE_URL: 'postgres://coldroom:geheim@db/register',
  REDIS_URL: 'redis://redis',
  METRICS_PORT: '0',
};

interface Line {
  readonly time: string;
  readonly level: string;
  readonly service: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

class Running {
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  stderr = '';
  private stdout = '';
  private readonly child;

  constructor(env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [main], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.on('data', (part: Buffer) => {
      this.stdout += part.toString();
    });
    this.child.stderr.on('data', (part: Buffer) => {
      this.stderr += part.toString();
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Every line written so far; each must be one JSON object. */
  lines(): readonly Line[] {
    return this.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  async event(name: string): Promise<Line> {
    for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const found = this.lines().find((line) => line.event === name);
      if (found) return found;
    }
    throw new Error(`no ${name} in:\n${this.stdout}${this.stderr}`);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.child.kill(signal);
  }
}

describe('a service', () => {
  let dir: string;
  const all: Running[] = [];
  beforeAll(() => {
    if (!existsSync(main)) throw new Error(`${main} is not built; run "npx tsc -b" first`);
    dir = mkdtempSync(join(tmpdir(), 'coldroom-service-'));
  });
  afterAll(async () => {
    for (const each of all) each.kill('SIGKILL');
    await Promise.all(all.map((each) => each.ended));
    await rm(dir, { recursive: true });
  });

  function start(env: Readonly<Record<string, string>>): Running {
    const running = new Running(env);
    all.push(running);
    return running;
  }

  test('with invalid settings ends with code 10 and reports every fault', async () => {
    const running = start({ REDIS_URL: 'http://redis', METRICS_PORT: 'x', COLDROOM_LEASE: '1' });
    expect(await running.ended).toEqual({ code: 10, signal: null });
    expect(running.stderr).toBe(`The settings are invalid:
  - REGISTER_DATABASE_URL is not set
  - REDIS_URL must be a URL that starts with redis:// or rediss:// or unix://
  - METRICS_PORT must be a whole number from 0 to 65535
  - COLDROOM_LEASE must be a duration such as 30s, 5m, 12h, 7d or 0
`);
  });

  test.each([
    [
      'transient',
      5,
      {
        level: 'error',
        event: 'cannot start',
        error: { code: 'STORE_UNAVAILABLE', message: 'The store main is unavailable' },
      },
    ],
    [
      'refused',
      1,
      {
        level: 'error',
        event: 'cannot start',
        error: { code: 'STORE_INSIDE_OMERO', message: 'The store is inside OMERO' },
      },
    ],
    [
      'unknown',
      1,
      {
        level: 'error',
        event: 'cannot start',
        code: 'UNKNOWN',
        message: 'something is undefined',
        error: { stack: expect.stringContaining('sample-service') },
      },
    ],
  ])('that cannot start for a %s reason ends with code %i and reports why', async (failure, code, line) => {
    const running = start({ ...good, SAMPLE_FAILS: failure });
    expect(await running.ended).toEqual({ code, signal: null });
    expect(running.lines().at(-1)).toMatchObject(line);
  });

  test('writes one JSON object per line, without passwords, and answers on its port', async () => {
    const broken = join(dir, 'broken');
    const running = start({ ...good, SAMPLE_BROKEN: broken });
    const { address, pid } = await running.event('started');
    expect(pid).toEqual(expect.any(Number));
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ask = async (path: string) => {
      const answer = await fetch(`${address as string}${path}`);
      return { status: answer.status, type: answer.headers.get('content-type') ?? '', body: await answer.text() };
    };

    expect((await running.event('starting'))['settings']).toMatchObject({
      REGISTER_DATABASE_URL: 'postgres://coldroom:***@db/register',
      REDIS_URL: 'redis://redis',
    });
    expect(JSON.stringify(running.lines())).not.toContain('geheim');
    expect(await running.event('line')).toMatchObject({
      level: 'info',
      service: 'sample',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      text: 'new\nline "quoted" \u2028',
      id: '9223372036854775808',
      nested: { error: { code: 'CODE', message: 'why', fileId: '7' } },
      fault: { message: 'deep', stack: expect.any(String) },
    });
    expect(running.lines().some((line) => line.level === 'debug')).toBe(false);

    expect(await ask('/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    expect(await ask('/readyz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    writeFileSync(broken, '');
    const unready = await ask('/readyz');
    expect([unready.status, JSON.parse(unready.body)]).toMatchObject([
      503,
      { status: 'not ready', failures: { disk: 'the disk is unavailable' } },
    ]);
    expect(Object.keys((JSON.parse(unready.body) as { failures: object }).failures)).toEqual(['disk']);
    expect((await ask('/healthz')).status).toBe(200);
    await rm(broken);
    expect((await ask('/readyz')).status).toBe(200);

    const metrics = await ask('/metrics');
    expect([metrics.status, metrics.type]).toEqual([200, expect.stringContaining('text/plain')]);
    expect(metrics.body).toContain('coldroom_sample_total 3');
    const names = [...metrics.body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !name?.startsWith('coldroom_'))).toEqual([]);
    expect((await ask('/')).status).toBe(404);

    running.kill('SIGTERM');
    expect(await running.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('LOG_LEVEL decides what is written', async () => {
    const running = start({ ...good, LOG_LEVEL: 'debug' });
    await running.event('started');
    expect(running.lines().some((line) => line.event === 'hidden')).toBe(true);
    const quiet = start({ ...good, LOG_LEVEL: 'error', SAMPLE_FAILS: 'unknown' });
    await quiet.ended;
    expect(quiet.lines().map((line) => [line.level, line.event])).toEqual([
      ['error', 'framework'],
      ['error', 'cannot start'],
    ]);
  });

  test('a port that is in use is reported', async () => {
    const first = start(good);
    const { address } = await first.event('started');
    const second = start({ ...good, METRICS_PORT: new URL(address as string).port });
    expect((await second.ended).code).toBe(1);
    expect(second.lines().at(-1)).toMatchObject({ event: 'cannot start', code: 'EADDRINUSE' });
  });
});
