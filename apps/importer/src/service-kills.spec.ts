import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoints } from '@coldroom/domain';
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
/** At each step and commit on request; else where most could be lost. */
const all = process.env['COLDROOM_DRILLS'] === 'all';

(command ? describe : describe.skip)('importers, with the real omero and a stand-in for Java', () => {
  beforeAll(async () => {
    scene = await ServiceScene.make(command!);
  });
  afterAll(() => scene.close());
  afterEach(() => scene.killAll());

  const points = crashPoints.filter((name) => name.startsWith('import:'));
  const worst = ['import:1-session-opened', 'import:2-attempt-recorded', 'import:3-importer-ended'];
  const times = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const commits = ['transition:1-before-commit', 'transition:2-after-commit'];
  const everywhere = [...points, ...commits.flatMap((name) => times.map((time) => `${name}:${time}`))];
  const kills = all ? everywhere : [...worst, 'transition:2-after-commit:6'];
  test.each(kills)('killed at %s, another importer goes on, and everything is imported once', async (crashPoint) => {
    const killed = scene.start({ COLDROOM_CRASH_AT: crashPoint });
    const { id } = await scene.order(['a.tif', 'b.tif']);
    expect(await killed.exited).toMatchObject({ signal: 'SIGKILL' });
    scene.start();
    const order = await scene.until(id, 'emptied', 'stuck');
    expect(order).toMatchObject({ state: 'emptied' });
    // Also of an attempt whose worker was killed.
    const attempts = await scene.register.imports.reports.attempts(id);
    expect(attempts.at(-1)!.lastLines).toContain('Summary');
    expect(await scene.made(id)).toEqual({ filesets: 2, images: 2 });
    expect(locksOf(id)).toEqual([]);
  });

  test('two importers on many orders import each once', async () => {
    scene.start();
    scene.start();
    const orders = await Promise.all(Array.from({ length: 5 }, (_, nr) => scene.order([`${nr}.tif`])));
    for (const { id } of orders) {
      await scene.until(id, 'emptied');
      expect(await scene.made(id)).toEqual({ filesets: 1, images: 1 });
    }
  });
});
