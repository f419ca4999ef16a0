import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from './index';

const dir = mkdtempSync(join(tmpdir(), 'service-process-spec-'));
afterAll(() => rmSync(dir, { recursive: true }));

function app(source: string): string {
  const main = join(dir, `${Math.random().toString(36).slice(2)}.js`);
  writeFileSync(main, source);
  return main;
}

function untilLine(
  wanted: string,
  source: string,
  env: Record<string, string> = {},
): Promise<ReturnType<typeof startService>> {
  return new Promise((resolve) => {
    const service = startService({
      name: 'a',
      main: app(source),
      env,
      onLine: (line) => {
        if (line === wanted) setImmediate(() => resolve(service));
      },
    });
  });
}

test('provides its lines, its own settings only, and its exit', async () => {
  process.env['NOT_FOR_CHILDREN'] = '1';
  const service = startService({
    name: 'a',
    main: app(
      'console.log(process.env.ROOM, process.env.NOT_FOR_CHILDREN); console.error("two"); process.exitCode = 3',
    ),
    env: { ROOM: 'cold' },
  });
  expect(await service.exited).toEqual({ code: 3, signal: null });
  expect([...service.lines].sort()).toEqual(['cold undefined', 'two']);
});

test('stop sends SIGTERM, and kills a process that ignores it', async () => {
  const polite = await untilLine(
    'up',
    'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); console.log("up")',
  );
  expect(await polite.stop(5_000)).toEqual({ code: 0, signal: null });
  const deaf = await untilLine('up', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")');
  expect(await deaf.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
});

(process.platform === 'linux' ? test : test.skip)('dies with its parent, kill -9 included', async () => {
  const child = app('setInterval(() => {}, 1000); console.log("child", process.pid)');
  const parent = startService({
    name: 'parent',
    main: app(
      `require(process.env.PROCESS).startService({ name: 'child', main: process.env.CHILD, env: {}, onLine: console.log }); setInterval(() => {}, 1000)`,
    ),
    env: { PROCESS: join(__dirname, '..', '..', 'dist', 'process'), CHILD: child },
  });
  while (parent.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const pid = Number(parent.lines[0]?.split(' ')[1]);
  expect(() => process.kill(pid, 0)).not.toThrow();
  await parent.kill();
  const deadline = Date.now() + 5_000;
  const alive = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (alive() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(alive()).toBe(false);
});
