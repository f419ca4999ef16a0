import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NewFile, NewImage } from '../requests/drafts';
import { freshRegister } from '../testing/fresh-register';
import { claimed, draft, identity, transitionOf, stage } from '../testing/sample-request';

/*
 * A request of many files from a generator, so that only the register stores them all. COLDROOM_TEST_FILES sets how
 * many; the figures are written to the console.
 */

const total = Number(process.env['COLDROOM_TEST_FILES'] ?? 100_000);
const perFileset = 20;
const batch = 5000;

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
});
afterAll(() => place.drop());

async function* images(): AsyncGenerator<readonly NewImage[]> {
  for (let start = 0; start < total / perFileset; start += batch) {
    yield Array.from({ length: Math.min(batch, total / perFileset - start) }, (_, nr) => ({
      imageId: BigInt(start + nr),
      name: `image ${start + nr}`,
      fileset: `Fileset:${start + nr}`,
      marked: true,
    }));
  }
}

async function* files(): AsyncGenerator<readonly NewFile[]> {
  for (let start = 0; start < total; start += batch) {
    collectGarbage();
    yield Array.from({ length: Math.min(batch, total - start) }, (_, index): NewFile => {
      const nr = start + index;
      const path = `ada_3/2026-11/20/12-00-00.${Math.floor(nr / 1000)}/screen of many plates/well_${nr}/field_0001_channel_0002.tif`;
      return {
        fileset: `Fileset:${Math.floor(nr / perFileset)}`,
        root: 'ManagedRepository',
        path: Buffer.from(path),
        display: path,
        size: 2_000_000n,
        originalFileId: BigInt(nr),
        pixelsId: null,
        omeroHash: { algorithm: 'SHA1-160', value: 'ab'.repeat(20) },
        verdict: { take: identity(2_000_000n, BigInt(nr)) },
      };
    });
  }
}

setFlagsFromString('--expose-gc');
/** What only waits for garbage collection must not count as held. */
const collectGarbage = runInNewContext('gc') as () => void;

let peak = 0;
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const before = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss() - before);
  }, 20);
  const start = performance.now();
  try {
    return await work();
  } finally {
    clearInterval(watch);
    process.stdout.write(`${total} files, ${what}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

it(`takes ${total} files from the scan to their bags without holding them`, async () => {
  const { register } = place;
  const id = await timed('create', () =>
    register.requests.create(draft, { images: images(), files: files() }, 'scanner'),
  );
  expect(
    await timed('refresh', () => register.requests.refresh(id, { images: images(), files: files() }, 'scanner')),
  ).toBe(0);
  expect(await timed('summary', () => register.requests.get(id))).toMatchObject({
    files: total,
    filesets: total / perFileset,
    skipped: 0,
  });
  await timed('approve', () => register.requests.approve(id, 'boss'));
  const bags = await timed('start', () => register.requests.start(id, 'main', (nr) => `bag-${nr}`, 'scanner'));
  expect(bags).toBe(Math.ceil(total / perFileset / 12)); // twelve filesets of 20 files fit under 256
  process.stdout.write(`${total} files: ${bags} bags, at most ${Math.round(peak / 2 ** 20)} MB more memory\n`);
  expect(peak).toBeLessThan(150 * 2 ** 20);

  // as if every bag had gone through five stages, and every twentieth file had an event of its own
  await place.sql.query(
    `INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
     SELECT 'w', request_id, id, 'hash', taken, 'hashed', jsonb_build_object('files', files, 'bytes', bytes, 'ms', 100)
     FROM bag, unnest('{approved,hashed,copied,verified,sealed}'::text[]) AS taken`,
  );
  await place.sql.query(
    `INSERT INTO event (actor, file_id, what, from_state, to_state, code) SELECT 'w', nr, 'fail', 'approved', 'stuck', 'TROUBLE' FROM generate_series(1, $1::int) nr`,
    [total / 20],
  );
  await place.sql.query('ANALYZE');
  const before = performance.now();
  await timed('progress with the time left', async () => {
    const { reports } = register;
    expect((await reports.progress(id))[0]?.files).toBe(total);
    expect(await reports.stageTimes(['approved', 'sealed', 'online'])).toHaveLength(100);
    expect(await reports.archivedOfRunning(id)).toEqual({ files: 0, bytes: 0n });
  });
  expect(performance.now() - before).toBeLessThan(500);

  const due = await timed('due', () => register.claims.due(['approved', 'hashed']));
  const crashPoints = async (): Promise<void> => {
    for (const { bagId } of due.slice(0, 20)) {
      const claim = await claimed(register, bagId, 'approved');
      await register.applyTransitions(
        claim,
        claim.files.map((file) => ({
          ...transitionOf(file, 'hash'),
          digests: { 'SHA-256': 'ab'.repeat(32) },
          identity: file.identity,
        })),
        stage,
      );
    }
  };
  const start = performance.now();
  await timed('claim and move 20 bags', crashPoints);
  expect((performance.now() - start) / 20).toBeLessThan(500);
}, 600_000);
