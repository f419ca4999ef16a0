import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NewFile, NewImage } from '@coldroom/register';
import { Scene } from './testing/scene';

const images = 5000;
const mebibyte = 1 << 20;

/** Collects garbage, so that the measurement shows only memory that is still referenced. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('many images', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.create('many');
    const {
      user,
      filesets: [first],
      managedUuid,
    } = await scene.add([{ files: [{ name: '0.tif', size: 3 }] }]);
    // More of the same, as rows only: five files per fileset, which are not on disk.
    const details = `1, -40, 0, 0, ${user.id}, ${user.groupId}`;
    const columns = 'version, permissions, creation_id, update_id, owner_id, group_id';
    await scene.sql(
      `INSERT INTO fileset (id, templateprefix, ${columns}) SELECT 1000000 + n, 'many/' || n || '/', ${details} FROM generate_series(1, ${images}) AS n`,
    );
    await scene.sql(
      `INSERT INTO image (id, name, series, fileset, ${columns}) SELECT 1000000 + n, 'image ' || n, 0, 1000000 + n, ${details} FROM generate_series(1, ${images}) AS n`,
    );
    await scene.sql(`INSERT INTO originalfile (id, path, name, repo, size, ${columns})
      SELECT 1000000 + n * 10 + m, 'many/' || n || '/', m || '.tif', '${managedUuid}', 3, ${details} FROM generate_series(1, ${images}) AS n, generate_series(1, 5) AS m`);
    await scene.sql(`INSERT INTO filesetentry (id, fileset, originalfile, fileset_index, clientpath, ${columns})
      SELECT 1000000 + n * 10 + m, 1000000 + n, 1000000 + n * 10 + m, m - 1, 'x', ${details} FROM generate_series(1, ${images}) AS n, generate_series(1, 5) AS m`);
    await scene.sql(`INSERT INTO imageannotationlink (id, parent, child, ${columns})
      SELECT 1000000 + n, 1000000 + n, (SELECT l.child FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE l.parent = (SELECT id FROM image WHERE fileset = ${first!.id}) AND a.name = 'TO-ARCHIVE'), ${details}
      FROM generate_series(1, ${images}) AS n`);
    await scene.sql('ANALYZE');
  });
  afterAll(() => scene.close());

  test('their files come in batches, and memory use does not grow with their number', async () => {
    const ids = (await scene.sql<{ id: bigint }>('SELECT id FROM image')).map(({ id }) => id);
    const [sizes, held]: [number[], number[]] = [[], []];
    await scene.closures.judge(ids, null, async (judged) => {
      for await (const batch of judged.images as AsyncIterable<readonly NewImage[]>) sizes.push(batch.length);
      for await (const batch of judged.files as AsyncIterable<readonly NewFile[]>) {
        sizes.push(batch.length);
        held.push(heldBytes());
      }
    });
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(images + 1 + 5 * images + 1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(held.length).toBeGreaterThan(20);
    expect((held.at(-1)! - held[1]!) / mebibyte).toBeLessThan(3);
  });

  test('they become one request, and all are pending after some runs of the mirror', async () => {
    const report = await scene.scan.run('test');
    expect(report).toMatchObject({ marks: images + 1, requests: [{ markedImages: images + 1 }], leftOut: [] });
    const id = BigInt(report.requests[0]!.id);
    expect(await scene.register.requests.get(id)).toMatchObject({
      images: images + 1,
      markedImages: images + 1,
      filesets: images + 1,
      skipped: 5 * images,
      files: 1,
    });
    let runs = 0;
    while ((await scene.mirror.run()) > 0) runs += 1;
    expect(runs).toBe(6); // a thousand images each
    expect(
      await scene.sql(
        `SELECT a.name, count(DISTINCT l.parent)::int AS images FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE a.name <> 'ARCHIVE NOTE' GROUP BY a.name`,
      ),
    ).toEqual([{ name: 'ARCHIVE-PENDING', images: images + 1 }]);
  });
});
