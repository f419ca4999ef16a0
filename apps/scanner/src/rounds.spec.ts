import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Files, markerName } from '@coldroom/files';
import { OmeroDatabase } from '@coldroom/omero';
import { Originals } from '@coldroom/trees';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { Register } from '@coldroom/register';
import { Readiness } from '@coldroom/runtime';
import { Closures } from './closures';
import { ImportAnnotations } from './import-annotations';
import { ImportAnswers } from './import-answers';
import { ImportMarks } from './import-marks';
import { Mirror } from './mirror';
import { PeopleMirror } from './people-mirror';
import { PolicyRounds } from './policies/policy-rounds';
import { RetrievalMarks } from './retrieval-marks';
import { RegisterMetrics } from './register-metrics';
import { Round } from './round';
import { Pace, Rounds } from './rounds';
import { Scan, type ScanReport } from './scan';
import { ScannerEnd, ScannerStart } from './scanner-life';
import { Scans } from './scans';
import { Starter } from './starter';
import { Scene } from './testing/scene';
import { UsageRecord } from './usage-record';

const single = (name: string) => ({ files: [{ name, size: 20 }] });

interface Scanner {
  readonly log: RecordedLog;
  readonly readiness: Readiness;
  readonly end: () => Promise<void>;
}

describe('rounds', () => {
  let scene: Scene;
  const running: Scanner[] = [];
  let atOnce = 0;
  let most = 0;

  beforeAll(async () => {
    scene = await Scene.create('rounds');
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.end();
  });
  afterAll(() => scene.close());

  /** A scan that takes a while, and reports how many run at the same time. */
  class Watched extends Scan {
    override async run(by: string): Promise<ScanReport> {
      atOnce += 1;
      most = Math.max(most, atOnce);
      try {
        await sleep(100);
        return await super.run(by);
      } finally {
        atOnce -= 1;
      }
    }
  }

  /** A scanner with connections of its own, as a second process would have. */
  async function scanner(scanMs = 50, MirrorHere = Mirror): Promise<Scanner> {
    const [register, omero, files, log, readiness] = [
      new Register(scene.registerUrl),
      OmeroDatabase.connect(scene.omeroUrl),
      new Files({ threads: 1 }),
      new RecordedLog(),
      new Readiness(),
    ];
    const closures = new Closures(omero, register, files, new Originals(scene.dataDir), scene.troubles, scene.names);
    const scans = new Scans(
      scene.keptMarks,
      scene.withdrawalMarks,
      new Watched(omero, register, closures),
      new RetrievalMarks(omero, register, log),
      new ImportMarks(omero, register, null, log),
      new PeopleMirror(omero, register, log),
      new UsageRecord(omero, register, log),
      register,
      log,
    );
    const starter = new Starter(register, closures, scene.stores, log);
    const round = new Round(
      scans,
      starter,
      new MirrorHere(omero, register, log),
      new ImportAnswers(omero, register),
      new ImportAnnotations(omero, register, log),
      new PolicyRounds(register, closures, scene.stores, log, null, null),
      log,
    );
    const rounds = new Rounds(new Pace(scanMs, 20), round, new RegisterMetrics(register), register, log);
    const end = async (): Promise<void> => {
      await rounds.beforeApplicationShutdown();
      await new ScannerEnd(omero, register, files, scene.stores, null).onApplicationShutdown();
    };
    await new ScannerStart(omero, register, new Originals(scene.dataDir), readiness, rounds).onApplicationBootstrap();
    running.push({ log, readiness, end });
    return running.at(-1)!;
  }

  async function until(what: string, true_: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20)) if (await true_()) return;
    throw new Error(`in vain: ${what}`);
  }

  test('marked images become a request and pending automatically; once approved, it starts', async () => {
    const { imageIds } = await scene.add([single('a.tif')]);
    const { readiness } = await scanner();
    await until('the image is pending', async () => (await scene.marksOf(imageIds[0]!)).includes('ARCHIVE-PENDING'));
    const [id] = await scene.register.requests.inState('New');
    await scene.register.requests.approve(id!, 'boss');
    await until('the request runs', async () => (await scene.register.requests.get(id!))?.state === 'Running');
    expect(await readiness.failures()).toEqual({});
  });

  test('a scan reports that it gets on before it has ended', async () => {
    await scene.add([single('long.tif')]);
    const { services } = scene.register;
    const before = new Date();
    await services.report('scanner', 0);
    await scene.scan.run('test');
    const [reported] = (await services.list()).filter(({ service }) => service === 'scanner');
    expect(reported!.reportedAt.getTime()).toBeGreaterThan(before.getTime());
    expect(await services.silent(-30_000)).toEqual([]);
  });

  test('a request that is approved while many marks are written starts before they all are', async () => {
    let left = 100;
    /** Has marks to write for ten seconds. */
    class Busy extends Mirror {
      override async run(): Promise<number> {
        await sleep(100);
        left -= 1;
        return Math.max(await super.run(), left > 0 ? 1 : 0);
      }
    }
    await scene.add([single('busy.tif')]);
    await scene.scan.run('test');
    const id = (await scene.register.requests.inState('New')).at(-1)!;
    await scanner(50, Busy);
    await until('marks are being written', async () => left < 99);
    await scene.register.requests.approve(id, 'boss');
    await until('the request runs', async () => (await scene.register.requests.get(id))?.state === 'Running');
    expect(left).toBeGreaterThan(0);
  });

  test('two scanners at once never scan at the same time, and create each request once', async () => {
    most = 0;
    const { imageIds } = await scene.add(Array.from({ length: 5 }, (_, nr) => single(`two ${nr}.tif`)));
    await Promise.all([scanner(), scanner()]);
    await until('all are pending', async () =>
      (await Promise.all(imageIds.map((id) => scene.marksOf(id)))).every((marks) => marks.includes('ARCHIVE-PENDING')),
    );
    await sleep(500);
    expect(most).toBe(1);
    expect(new Set((await scene.register.requests.requestsOf(imageIds.map(BigInt))).values()).size).toBe(1);
    expect(
      (await scene.register.reports.files({ limit: 1000 })).filter((file) => file.path.includes('two ')),
    ).toHaveLength(5);
  });

  test('the other takes over when one ends', async () => {
    const [first] = [await scanner(), await scanner()];
    await running.shift()!.end();
    const { imageIds } = await scene.add([single('takeover.tif')]);
    await until('the image is pending', async () => (await scene.marksOf(imageIds[0]!)).includes('ARCHIVE-PENDING'));
    expect(first.log.of('round failed')).toEqual([]);
  });

  test('a failed scan records the reason in the register, and marks are still written', async () => {
    const { imageIds } = await scene.add([single('pending.tif')]);
    await scene.scan.run('test');
    const unscanned = await scene.add([single('later.tif')]);
    const marker = join(scene.dataDir, 'ManagedRepository', markerName);
    await rename(marker, `${marker}.away`);
    await scanner(100);
    await until(
      'a scan failed',
      async () => (await scene.register.scans.last())?.failed?.startsWith('ROOT_UNAVAILABLE: ') ?? false,
    );
    await until('the pending mark is written', async () =>
      (await scene.marksOf(imageIds[0]!)).includes('ARCHIVE-PENDING'),
    );
    expect(await scene.marksOf(unscanned.imageIds[0]!)).toContain('TO-ARCHIVE');
    await rename(`${marker}.away`, marker);
    await until('the rest is done', async () =>
      (await scene.marksOf(unscanned.imageIds[0]!)).includes('ARCHIVE-PENDING'),
    );
  });

  test('a person may request a scan; one whose scanner died is started again', async () => {
    const died = await scene.register.scans.ask('boss');
    expect(await scene.register.scans.begin()).toBe(died);
    const asked = await scene.register.scans.ask('boss');
    await scanner(3_600_000);
    await until('both are finished', async () => (await scene.register.scans.get(asked))?.finishedAt != null);
    expect(await scene.register.scans.get(died)).toMatchObject({ failed: null, report: { requests: [] } });
  });

  test("a database that is not OMERO's fails at the start, not later in the service", async () => {
    const register = new Register(scene.registerUrl);
    const omero = OmeroDatabase.connect(scene.registerUrl);
    const log = new RecordedLog();
    const closures = new Closures(omero, register, scene.files, scene.originals, scene.troubles, scene.names);
    const scans = new Scans(
      scene.keptMarks,
      scene.withdrawalMarks,
      new Scan(omero, register, closures),
      new RetrievalMarks(omero, register, log),
      new ImportMarks(omero, register, null, log),
      new PeopleMirror(omero, register, log),
      new UsageRecord(omero, register, log),
      register,
      log,
    );
    const round = new Round(
      scans,
      scene.starter,
      scene.mirror,
      new ImportAnswers(omero, register),
      new ImportAnnotations(omero, register, log),
      new PolicyRounds(register, closures, scene.stores, log, null, null),
      log,
    );
    const rounds = new Rounds(new Pace(50, 20), round, new RegisterMetrics(register), register, log);
    await expect(
      new ScannerStart(omero, register, scene.originals, new Readiness(), rounds).onApplicationBootstrap(),
    ).rejects.toMatchObject({ code: 'OMERO_SCHEMA_UNKNOWN' });
    await omero.close();
    await register.close();
  });
});
