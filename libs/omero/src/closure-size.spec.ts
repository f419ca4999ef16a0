import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OmeroDatabase } from './omero-database';
import { managedUuid, OmeroRows } from './testing/omero-rows';

const filesets = 1000n;
const filesEach = 100n;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Memory in use: without the garbage that Node leaves uncollected while the machine has memory to spare. */
function memoryHeld(): number {
  collectGarbage();
  return process.memoryUsage().rss;
}

it('streams the closure of 10,000 images and 100,000 files in bounded memory', async () => {
  const rows = await OmeroRows.create('closure_size');
  const omero = OmeroDatabase.connect(rows.url);
  try {
    const details = 'permissions, version, creation_id, update_id, owner_id, group_id';
    const values = '-120, 0, 0, 0, 0, 0';
    await rows.query(
      `INSERT INTO fileset (id, ${details}, templateprefix) SELECT n, ${values}, 'p/' FROM generate_series(1, $1::bigint) n`,
      [filesets],
    );
    await rows.query(
      `INSERT INTO image (id, ${details}, name, series, fileset) SELECT n, ${values}, 'image ' || n, 0, 1 + n % $1::bigint FROM generate_series(1, 10000) n`,
      [filesets],
    );
    await rows.query(
      `INSERT INTO originalfile (id, ${details}, path, name, repo, size, hash, hasher)
      SELECT 1000 + n, ${values}, 'alice_2/2019-01/12/' || n % 100 || '/', 'some rather long name of a plane ' || n || '.tif', $2, n, md5(n::text), 6
        FROM generate_series(1, $1::bigint) n`,
      [filesets * filesEach, managedUuid],
    );
    await rows.query(
      `INSERT INTO filesetentry (id, ${details}, fileset, originalfile, fileset_index, clientpath)
      SELECT n, ${values}, 1 + n % $1::bigint, 1000 + n, n / $1::bigint, 'c' FROM generate_series(1, $2::bigint) n`,
      [filesets, filesets * filesEach],
    );
    await rows.query('ANALYZE');

    const ids = Array.from({ length: 10_000 }, (_, n) => BigInt(n + 1));
    const startMemory = memoryHeld();
    const start = performance.now();
    let peak = startMemory;
    const counts = await omero.withClosure(ids, async ({ components, images, files }) => {
      const built = performance.now() - start;
      let [componentCount, imageCount, fileCount, bytes] = [0, 0, 0, 0n];
      for await (const _ of components) componentCount++;
      for await (const _ of images) imageCount++;
      for await (const file of files) {
        bytes += file.size ?? 0n;
        if (++fileCount % 10_000 === 0) peak = Math.max(peak, memoryHeld());
      }
      return { componentCount, imageCount, fileCount, bytes, built };
    });
    const seconds = (performance.now() - start) / 1000;
    const growth = (peak - startMemory) / 1e6;
    const total = filesets * filesEach;
    expect(counts).toMatchObject({
      componentCount: 1000,
      imageCount: 10_000,
      fileCount: Number(total),
      bytes: (total * (total + 1n)) / 2n,
    });
    console.info(
      `100,000 files in ${seconds.toFixed(1)} s (${(counts.built / 1000).toFixed(1)} s to find them), memory grew by ${growth.toFixed(0)} MB`,
    );
    expect(growth).toBeLessThan(100);
    expect(seconds).toBeLessThan(30);
  } finally {
    await omero.close();
    await rows.drop();
  }
});
