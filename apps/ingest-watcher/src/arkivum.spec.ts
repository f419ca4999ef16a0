import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@coldroom/domain';
import { startFakeArkivum, type FakeArkivum } from '@coldroom/fake-arkivum';
import { Runner, type Stage } from '@coldroom/pipeline';
import { Workbench } from '@coldroom/pipeline/testing';
import { openStore, parseStores } from '@coldroom/stores';
import type { Log } from '@coldroom/runtime';
import { SealStage } from './seal.stage';

/** The seal stage on an appliance that is slow, silent, faulty or wrong. */
describe('the seal stage on an Arkivum appliance', () => {
  let bench: Workbench;
  let fake: FakeArkivum;
  let store: Store;
  let stage: SealStage;
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-arkivum-ingest-'));

  beforeAll(async () => {
    bench = await Workbench.create('arkivum');
    fake = await startFakeArkivum({ dir, mount: bench.storeDir });
    const settings = {
      kind: 'arkivum',
      mount: bench.storeDir,
      url: fake.url,
      caFile: fake.caFile,
      api: 'v3',
      sameFileSystem: true,
      verify: 'cached',
      silenceLimit: '1s',
    };
    store = openStore('main', parseStores({ default: 'main', stores: { main: settings } }).stores['main']!, {
      files: bench.files,
      omeroRoots: [],
    });
    stage = new SealStage({ ...bench.stores, get: () => store }, bench.register);
  });
  afterEach(() => fake.setFaults([]));
  afterAll(async () => {
    await store.close();
    await fake.stop();
    await bench.close();
    rmSync(dir, { recursive: true });
  });

  /** As the hash stage does where a store requires MD5. */
  const hashBoth: Stage = {
    name: 'hash',
    takes: 'approved',
    run: async (claim, work) => {
      const hashed = await bench.files.hash(
        claim.files.map((file) => ({
          root: bench.originals.directory(file.root),
          path: file.path,
          algorithms: ['SHA-256', 'MD5-128'],
        })),
        { direct: false },
        work,
      );
      return {
        transitions: claim.files.map((file, at) => {
          const outcome = hashed[at]!;
          if ('error' in outcome) throw outcome.error;
          return {
            id: file.id,
            event: 'hash',
            from: 'approved',
            to: 'hashed',
            digests: outcome.ok.digests,
            identity: outcome.ok.identity,
          };
        }),
      };
    },
  };

  async function verified(fileset: string): Promise<void> {
    await bench.request({
      [fileset]: ['a', 'b'].map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.run(hashBoth);
    await bench.bring('verified');
  }

  const states = async (fileset: string): Promise<unknown> =>
    Promise.all(
      ['a', 'b'].map(async (name) => {
        const { state, code } = await bench.file(`${fileset}/${name}`);
        return [state, code];
      }),
    );

  /** Runs as the service does: an error of the stage becomes a later attempt or a stuck file. */
  async function runOnce(waitLimitMs: number, attempts = 12): Promise<void> {
    const silent = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [level, () => undefined]),
    ) as unknown as Log;
    const runner = new Runner(bench.register, async () => undefined, silent, {
      worker: 'test',
      leaseMs: 60_000,
      attempts,
      retryPauseMs: 0,
      waitLimitMs,
      errorLimit: 1000,
    });
    for (const due of await bench.register.claims.due(['verified'])) await runner.run(stage, due.bagId);
  }

  test('waits for green, then all files of the bag are durable', async () => {
    await verified('green');
    fake.setFaults([{ path: '/b$', fault: { kind: 'stays', replicationState: 'amber' } }]);
    expect((await bench.run(stage)).wait).toMatchObject({
      code: 'NOT_DURABLE_YET',
      message: expect.stringContaining('amber'),
    });
    expect(await states('green')).toEqual([
      ['verified', null],
      ['verified', null],
    ]);
    fake.setFaults([]);
    await bench.run(stage);
    expect(await states('green')).toEqual([
      ['sealed', null],
      ['sealed', null],
    ]);
  });

  test.each([
    ['late', { kind: 'late', seconds: 600 }, 'not seen yet'],
    ['red', { kind: 'stays', replicationState: 'red' }, 'red'],
    ['ill', { kind: 'status', status: 500 }, 'HTTP 500'],
    ['html', { kind: 'html' }, 'not a JSON'],
    ['nomd5', { kind: 'null-md5' }, 'gives no MD5'],
  ] as const)(
    'an appliance that is %s is waited for, and past the limit the files are stuck',
    async (name, fault, word) => {
      await verified(name);
      fake.setFaults([{ api: 'fileInfo', path: '/data/', fault }]);
      expect((await bench.run(stage)).wait).toMatchObject({
        code: 'NOT_DURABLE_YET',
        message: expect.stringContaining(word),
      });
      const claim = await bench.claim('verified');
      await bench.register.claims.postpone(claim, 0, new Error('as the runner does'), false); // waits from now on
      await runOnce(-1);
      expect(await states(name)).toEqual([
        ['stuck', 'WAITED_TOO_LONG'],
        ['stuck', 'WAITED_TOO_LONG'],
      ]);
    },
  );

  test('with one false report, the whole bag is stuck with its code', async () => {
    await verified('lie');
    fake.setFaults([{ path: '/lie/b$', fault: { kind: 'lies', md5: '0'.repeat(32) } }]);
    await runOnce(60_000);
    expect(await states('lie')).toEqual([
      ['stuck', 'STORE_DIFFERS'],
      ['stuck', 'STORE_DIFFERS'],
    ]);
  });

  test('a bag that the appliance reports as wrong is stuck', async () => {
    await verified('wrong');
    await runOnce(60_000, 1).catch(() => undefined);
    await verified('wrong2');
    fake.setFaults([
      { api: 'fileInfo', fault: { kind: 'stays', replicationState: 'red' } },
      {
        api: 'ingest-manifest',
        fault: { kind: 'manifest-fails', filepath: 'data/x', reason: 'Initial verification failed' },
      },
    ]);
    await bench.run(stage); // hands over
    await runOnce(60_000);
    expect(await states('wrong2')).toEqual([
      ['stuck', 'INGEST_FAILED'],
      ['stuck', 'INGEST_FAILED'],
    ]);
  });

  test('an appliance that never answers uses up the attempts', async () => {
    await verified('silent');
    fake.setFaults([{ fault: { kind: 'silent' } }]);
    await runOnce(60_000, 2);
    expect(await states('silent')).toEqual([
      ['verified', null],
      ['verified', null],
    ]);
    await runOnce(60_000, 2);
    expect(await states('silent')).toEqual([
      ['stuck', 'STORE_UNAVAILABLE'],
      ['stuck', 'STORE_UNAVAILABLE'],
    ]);
  });
});
