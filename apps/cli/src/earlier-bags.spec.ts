import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readBag } from '@coldroom/bagit';
import { earlierBags, unpackEarlierBags } from '@coldroom/bagit/testing';
import { createDatabase } from '@coldroom/local';
import type { Workbench } from '@coldroom/pipeline/testing';
import { buildTinyOmero } from '@coldroom/sample-omero';
import { Staging } from '@coldroom/trees';
import { settingsOf, workbench } from './testing/archived';
import { coldroom, json } from './testing/command-line';

/** Bags that were written before manifests followed RFC 8493, with every odd name: they are used as they are. */
let bench: Workbench;
let env: Record<string, string>;

beforeAll(async () => {
  bench = await workbench('earlier');
  const omeroUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `earlier_omero_${process.pid}`, {
    existing: 'drop',
  });
  await buildTinyOmero({ databaseUrl: omeroUrl, dataDir: bench.dataDir, filesets: [] });
  env = { ...(await settingsOf(bench)), OMERO_DATABASE_URL: omeroUrl };
  const unpacked = mkdtempSync(join(tmpdir(), 'coldroom-earlier-'));
  unpackEarlierBags(unpacked);
  // With its modes and times, as a backup of a store is restored.
  execFileSync('cp', ['-a', ...earlierBags.map((bag) => join(unpacked, 'store', bag)), bench.storeDir]);
  execFileSync('chmod', ['-R', 'u+w', unpacked]);
  rmSync(unpacked, { recursive: true });
  for (const bag of earlierBags) {
    const { files } = await readBag(bench.stores.default, bag);
    for (const { path, copyPath } of files) {
      const at = bench.at(path);
      mkdirSync(dirname(at.toString('latin1')), { recursive: true });
      symlinkSync(bench.stores.default.linkTarget(bag, copyPath), at);
    }
  }
});
afterAll(async () => {
  execFileSync('chmod', ['-R', 'u+w', bench.storeDir]);
  await bench.close();
});

it('are rebuilt into the register, verified, audited and fetched', async () => {
  const rebuilt = await coldroom(['rebuild', '--json'], env);
  expect(json(rebuilt)).toMatchObject({
    bags: { found: 2, rebuilt: 2 },
    files: { released: 11 },
    leftOut: { count: 0 },
    unlisted: 0,
  });
  expect(rebuilt.code).toBe(0);
  const verified = await coldroom(['verify', '--all', '--json'], env);
  expect(verified.code).toBe(0);
  expect(JSON.stringify(json(verified))).not.toContain('COPY_');

  const audited = await coldroom(['audit', '--store', 'main', '--json'], env);
  expect(json(audited)).toMatchObject({ looked: { bags: 2, files: 11 }, findings: [] });

  expect(await bench.ask(7n)).toBe(11);
  await bench.bring('fetchVerified');
  const fetched = await bench.register.reports.files({ limit: 100 });
  expect(fetched.map(({ state }) => state)).toEqual(fetched.map(() => 'fetchVerified'));
  const claim = await bench.claim('fetchVerified');
  const targets = await new Staging(bench.originals, bench.holds).of(claim.files, claim.bag, bench.stores.default);
  for (const [at, { root, path }] of targets.entries())
    expect(readFileSync(Buffer.concat([Buffer.from(`${root}/`), path]))).toEqual(
      Buffer.concat([Buffer.from('content of '), claim.files[at]!.path]),
    );
});
