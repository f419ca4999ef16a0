import { existsSync, readFileSync } from 'node:fs';
import { omeroCommand } from '@coldroom/omero-server';
import { ServiceScene } from './testing/service-scene';

const command = omeroCommand();
/** The long form is for `COLDROOM_DRILLS=all`; the short one finds what is done for each file in turn. */
const long = process.env['COLDROOM_DRILLS'] === 'all';
const files = Number(process.env['COLDROOM_DRILL_FILES'] ?? (long ? 100_000 : 200));
/** Beside that of Node.js itself; the paths of all filesets are compared with OMERO as a whole. */
const mostMiB = 250 + files * 0.002;
jest.setTimeout(long ? 7_200_000 : 120_000);

let scene: ServiceScene;
beforeAll(async () => {
  if (command) scene = await ServiceScene.make(command, { transfers: ['ln'] }, long ? 7_000_000 : 100_000);
});
afterAll(() => scene?.close());

(command ? it : it.skip)(`imports a set of ${files} files, proves it and removes it, with bounded memory`, async () => {
  const service = scene.start({ COLDROOM_LEASE: '60s', IMPORT_SESSION: '1d' });
  const names = Array.from({ length: files }, (_, nr) => `${Math.floor(nr / 500)}/image ${nr}.tif`);
  const { id, paths } = await scene.order(names, { transfer: 'ln' });
  const order = await scene.until(id, 'emptied', 'stuck');
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024;
  const { rows } = await scene.sql.query<{ what: string; seconds: number }>(
    `SELECT what, round(extract(epoch FROM at - lag(at) OVER (ORDER BY id)), 1)::float8 AS seconds FROM event WHERE import_id = $1 ORDER BY id`,
    [id],
  );
  console.log(`${rows.map(({ what, seconds }) => `${what} ${seconds}`).join(', ')}; ${Math.round(peak)} MiB`);
  expect(order).toMatchObject({ state: 'emptied', files, code: null });
  expect(await scene.made(id)).toEqual({ filesets: files, images: files });
  expect(paths.filter((path) => existsSync(path))).toEqual([]);
  expect(peak).toBeLessThan(mostMiB);
});
