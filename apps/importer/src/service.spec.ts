import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { omeroCommand } from '@coldroom/omero-server';
import { ServiceScene } from './testing/service-scene';

const command = omeroCommand();
let scene: ServiceScene;
jest.setTimeout(180_000);

/** What is left of the names of an order. */
const locksOf = (id: bigint): readonly string[] => {
  const dir = join(scene.buffer, '.coldroom-locks');
  return (existsSync(dir) ? readdirSync(dir) : []).filter((name) => name.split('-')[0] === String(id));
};
/** On request, by each way. */
const all = process.env['COLDROOM_DRILLS'] === 'all';

(command ? describe : describe.skip)('the importer, with the real omero and a stand-in for Java', () => {
  beforeAll(async () => {
    scene = await ServiceScene.make(command!);
  });
  afterAll(() => scene.close());
  beforeEach(() => scene.omero.installed.misbehave());
  afterEach(() => scene.killAll());

  test.each(all ? (['upload', 'ln', 'cp'] as const) : (['ln'] as const))(
    'a set is imported by %s, proven, and its source removed',
    async (transfer) => {
      scene.start();
      const { id, paths } = await scene.order(['a.tif', 'deep/er/s_1.ome.tif', 'deep/er/s_2.ome.tif'], { transfer });
      const order = await scene.until(id, 'emptied', 'stuck');
      expect(order).toMatchObject({ state: 'emptied', files: 3, lock: 'links', code: null });
      expect(await scene.made(id)).toEqual({ filesets: 2, images: 2 });
      for (const path of paths) expect(existsSync(path)).toBe(false);
      expect(existsSync(join(scene.buffer, 'alice'))).toBe(true);
      expect(locksOf(id)).toEqual([]);
      expect(readdirSync(join(scene.omero.dir, 'state', 'sessions'))).toEqual([]);
    },
  );

  test('what the importer cannot read is named, and stays when the rest of the source is removed', async () => {
    scene.start();
    const { id, paths } = await scene.order(['a.tif', 'notes.txt']);
    const order = await scene.until(id, 'emptied', 'stuck');
    expect(order.state).toBe('emptied');
    const { rows } = await scene.sql.query(
      `SELECT detail FROM event WHERE import_id = $1 AND what = 'import files left out'`,
      [id],
    );
    expect(rows).toEqual([{ detail: { files: 1, first: ['notes.txt'] } }]);
    expect(paths.map((path) => existsSync(path))).toEqual([false, true]);
  });

  test('an attempt that makes nothing is followed by another one, after the time for late images', async () => {
    scene.omero.installed.misbehave({ do: 'crash', at: 'started', times: 1 });
    scene.start();
    const { id } = await scene.order(['a.tif']);
    await scene.until(id, 'emptied', 'stuck');
    const attempts = await scene.register.imports.attempts.of(id);
    expect(attempts).toHaveLength(2);
    expect(attempts[1]!.startedAt.getTime() - attempts[0]!.closedAt!.getTime()).toBeGreaterThan(3000);
    expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
  });

  test('a server that finishes late is waited for: nothing is imported twice', async () => {
    scene.omero.installed.misbehave({ do: 'crash-and-finish-later', ms: 2000, times: 1 });
    scene.start();
    const { id } = await scene.order(['a.tif']);
    await scene.until(id, 'emptied', 'stuck');
    expect(await scene.register.imports.attempts.of(id)).toHaveLength(1);
    expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
  });

  test('a fileset without an image is left to a person, who deletes it and retries', async () => {
    scene.omero.installed.misbehave({ do: 'no-images', times: 1 });
    scene.start();
    const { id, paths } = await scene.order(['a.tif']);
    const order = await scene.until(id, 'stuck', 'emptied');
    expect(order).toMatchObject({ state: 'stuck', stuckFrom: 'importing', code: 'IMPORT_INCOMPLETE' });
    expect(existsSync(paths[0]!)).toBe(true);
    const [attempt] = await scene.register.imports.reports.attempts(id);
    expect(attempt!.lastLines).toContain('==> Summary');
    const fileset = /Fileset:(\d+)/.exec(order.reason!)![1];
    await scene.register.imports.steering.retry(id, 'dora');
    expect(await scene.until(id, 'stuck')).toMatchObject({ code: 'IMPORT_INCOMPLETE' });
    // As a deletion in OMERO leaves it for us: the session has made no such fileset.
    await scene.omero.client.query('UPDATE fileset SET creation_id = 0 WHERE id = $1', [fileset]);
    await scene.register.imports.steering.retry(id, 'dora');
    await scene.until(id, 'emptied');
    expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
  });

  test('what OMERO has must have the content of the source, or the source stays', async () => {
    scene.omero.installed.misbehave({ do: 'wait', at: 'printed', ms: 4000 });
    scene.start();
    const { id, paths } = await scene.order(['a.tif'], { transfer: 'cp' });
    await scene.until(id, 'importing');
    const file = await scene.copyOf(id);
    scene.damage(file);
    expect(await scene.until(id, 'stuck', 'emptied')).toMatchObject({ state: 'stuck', code: 'IMPORT_NOT_PROVEN' });
    expect(readFileSync(paths[0]!, 'utf8')).toBe(paths[0]);
  });

  test('an order that is cancelled while OMERO imports ends without a second attempt', async () => {
    scene.omero.installed.misbehave({ do: 'hang', at: 'started' });
    scene.start();
    const { id, paths } = await scene.order(['a.tif']);
    for (; (await scene.register.imports.attempts.of(id)).length === 0;) await sleep(100);
    await scene.register.imports.steering.cancel(id, 'alice');
    expect(await scene.until(id, 'cancelled', 'stuck')).toMatchObject({ state: 'cancelled', code: 'CANCELLED' });
    expect(await scene.register.imports.attempts.of(id)).toHaveLength(1);
    expect(existsSync(paths[0]!)).toBe(true);
    for (const end = Date.now() + 10_000; locksOf(id).length > 0 && Date.now() < end;) await sleep(100);
    expect(locksOf(id)).toEqual([]);
  });

  test('a file that was written in place since it was read is not imported: no attempt begins', async () => {
    scene.omero.installed.misbehave({ do: 'crash', at: 'started', times: 1 });
    scene.start();
    const { id, paths } = await scene.order(['a.tif']);
    for (; (await scene.register.imports.attempts.of(id))[0]?.closedAt == null;) await sleep(50);
    scene.damage(paths[0]!); // the time for late images is not over
    const order = await scene.until(id, 'stuck', 'emptied');
    expect(order).toMatchObject({ stuckFrom: 'importing', code: 'SOURCE_CHANGED' });
    expect(await scene.register.imports.attempts.of(id)).toHaveLength(1);
  });

  test('an attempt that is under way ends by itself when the importer is stopped', async () => {
    scene.omero.installed.misbehave({ do: 'wait', at: 'uploaded', ms: 4000, times: 1 });
    const first = scene.start({ COLDROOM_STOP_GRACE: '60s' });
    const { id } = await scene.order(['a.tif']);
    while (scene.omero.installed.done().length === 0) await sleep(50);
    expect(await first.stop(60_000)).toMatchObject({ signal: 'SIGTERM' });
    expect(await scene.register.imports.attempts.of(id)).toMatchObject([
      { closedAt: expect.any(Date), interrupted: false },
    ]);
    expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
    scene.start();
    await scene.until(id, 'emptied', 'stuck');
    expect(await scene.register.imports.attempts.of(id)).toHaveLength(1);
  });

  test('one that does not end in time is cut off, closed, and does not count', async () => {
    scene.omero.installed.misbehave({ do: 'hang', at: 'started', times: 1 });
    const first = scene.start({ COLDROOM_STOP_GRACE: '12s' });
    const { id } = await scene.order(['a.tif']);
    while (scene.omero.installed.done().length === 0) await sleep(50);
    expect(await first.stop(30_000)).toMatchObject({ signal: 'SIGTERM' });
    expect(await scene.register.imports.attempts.of(id)).toMatchObject([
      { closedAt: expect.any(Date), interrupted: true },
    ]);
    expect(readdirSync(join(scene.omero.dir, 'state', 'sessions'))).toEqual([]);
    scene.start();
    await scene.until(id, 'emptied', 'stuck');
    expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
  });

  test('a fileset with fewer images than the importer printed is shown to a person; what OMERO has counts after that', async () => {
    scene.omero.installed.misbehave({ do: 'wait', at: 'printed', ms: 3000, times: 1 });
    scene.start();
    const { id } = await scene.order(['a&series=2.fake']);
    await scene.copyOf(id);
    const [attempt] = await scene.register.imports.attempts.of(id);
    await scene.omero.client.query(
      `UPDATE image SET fileset = NULL WHERE id = (SELECT max(i.id) FROM image i JOIN fileset f ON f.id = i.fileset
         JOIN event e ON e.id = f.creation_id WHERE e.session = $1)`,
      [String(attempt!.sessionId)],
    );
    expect(await scene.until(id, 'stuck', 'emptied')).toMatchObject({ code: 'IMPORT_INCOMPLETE' });
    await scene.register.imports.steering.retry(id, 'dora');
    await scene.until(id, 'emptied');
    expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
  });

  test('while imports are stopped, nothing moves', async () => {
    await scene.register.switches.stop('stage:import', 'a test', 'dora');
    scene.start();
    const { id } = await scene.order(['a.tif']);
    await sleep(3000);
    expect((await scene.register.imports.orders.get(id))!.state).toBe('ordered');
    await scene.register.switches.resume(undefined, 'dora');
    await scene.until(id, 'emptied');
  });
});
