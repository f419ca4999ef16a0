import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeMarker } from '@coldroom/files';
import {
  createDatabase,
  debianPostgres,
  freePort,
  removeServerData,
  startPostgres,
  type LocalServer,
} from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { startService, type RunningService } from '@coldroom/runtime/process';

const found = debianPostgres();
if (found.missing !== undefined) process.stderr.write(`SKIPPED: the service backup: ${found.missing}\n`);

(found.missing === undefined ? describe : describe.skip)('the service backup', () => {
  let dir: string;
  let place: string;
  let server: LocalServer;
  let register: Register;
  let env: Record<string, string>;
  let port: number;
  let service: RunningService | undefined;
  let runs = 0;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-backup-service-'));
    chmodSync(dir, 0o755);
    server = await startPostgres({ dir, settings: { fsync: 'off' }, binaries: (found as { native: string }).native });
  });
  afterAll(async () => {
    await server.stop();
    removeServerData(dir);
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    runs += 1;
    const url = await createDatabase(server.url, `service${runs}`);
    await migrate(url);
    register = new Register(url);
    place = join(dir, `place${runs}`);
    mkdirSync(place);
    await writeMarker(place, 'backup');
    port = await freePort();
    env = {
      REGISTER_DATABASE_URL: url,
      COLDROOM_BACKUP_DIR: place,
      COLDROOM_SWEEP_EVERY: '100ms',
      METRICS_PORT: String(port),
      TZ: 'UTC',
    };
  });
  afterEach(async () => {
    await service?.kill();
    await register.close();
  });

  const start = (change: Readonly<Record<string, string>> = {}): RunningService =>
    (service = startService({
      name: 'backup',
      main: join(__dirname, '..', 'dist', 'main.js'),
      env: { ...env, ...change },
    }));
  const dumps = (): readonly string[] => readdirSync(place).filter((name) => name.endsWith('.dump'));
  const ready = async (): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    return { status: answer.status, text: await answer.text() };
  };
  async function until(what: string, is: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; !(await is()); tries += 1) {
      if (tries > 300) throw new Error(`waited for ${what}:\n${service?.lines.join('\n')}`);
      await sleep(100);
    }
  }
  const ended = async (kind: 'backup' | 'drill'): Promise<boolean> =>
    (await register.backupRuns.list(1, kind)).some(({ finishedAt }) => finishedAt !== null);

  it('makes the backup that is due and a drill, once, reports, and ends when asked', async () => {
    const running = start();
    await until('the backup and the drill', async () => (await ended('backup')) && ended('drill'));
    expect(dumps()).toHaveLength(1);
    expect(await register.backupRuns.list(1, 'drill')).toMatchObject([{ code: null, name: dumps()[0] }]);
    expect((await ready()).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('coldroom_process_cpu_seconds_total');
    expect((await register.services.list()).map((each) => each.service)).toContain('backup');
    await sleep(1000);
    expect(await register.backupRuns.list(5)).toHaveLength(1);
    const { code, signal } = await running.stop(20_000);
    expect(code ?? signal).toBe('SIGTERM');
    expect(running.lines.join('\n')).not.toContain(new URL(server.url).password);
  });

  it('is not ready while the backup directory is not mounted', async () => {
    start({ COLDROOM_DRILL_EVERY: '0' });
    await until('the backup', () => ended('backup'));
    renameSync(join(place, '.coldroom-root'), join(place, 'hidden'));
    expect(await ready()).toMatchObject({ status: 503, text: expect.stringContaining('backup directory') });
    renameSync(join(place, 'hidden'), join(place, '.coldroom-root'));
    expect((await ready()).status).toBe(200);
  });

  it('stopped during a backup, it ends at once, keeps nothing of it, and makes it at the next start', async () => {
    const programs = join(dir, `programs${runs}`);
    mkdirSync(programs);
    writeFileSync(join(programs, 'pg_dump'), '#!/bin/sh\n/usr/bin/pg_dump "$@"; exec sleep 60\n', { mode: 0o755 });
    process.env['PATH'] = `${programs}:${process.env['PATH']}`;
    const running = start({ COLDROOM_DRILL_EVERY: '0', COLDROOM_STOP_GRACE: '15s' });
    process.env['PATH'] = process.env['PATH'].slice(programs.length + 1);
    await until('a partial dump', async () => readdirSync(place).some((name) => name.endsWith('.partial')));
    const { signal } = await running.stop(30_000);
    expect(signal).toBe('SIGTERM');
    expect(readdirSync(place).sort()).toEqual(['.coldroom-register', '.coldroom-root']);
    expect(await register.backupRuns.list(1)).toMatchObject([{ code: 'BACKUP_STOPPED' }]);
    expect(await register.troubles.list('backup failed')).toEqual([]);
    start({ COLDROOM_DRILL_EVERY: '0' });
    await until('the backup', async () => dumps().length === 1);
  });

  it('does not start without a place for backups', async () => {
    const { code } = await start({ COLDROOM_BACKUP_DIR: '' }).exited;
    expect([code, service?.lines.join('\n')]).toEqual([1, expect.stringContaining('BACKUP_NOT_CONFIGURED')]);
  });
});
