import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '@coldroom/domain';
import { Workbench, workWith } from '@coldroom/pipeline/testing';
import { MoveSealStage } from './move-seal.stage';

describe('the move-seal stage', () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await Workbench.create('moveSeal');
  });
  afterAll(() => bench.close());

  const stageWith = (change: Partial<Store> = {}, of = 'other'): MoveSealStage =>
    new MoveSealStage(
      {
        ...bench.stores,
        get: (name) => Object.assign(Object.create(bench.stores.get(name)) as Store, name === of ? change : {}),
      },
      bench.register,
    );

  /** Files whose copies in the other store are good. Returns their bag. */
  async function moveVerified(
    fileset: string,
    names: readonly string[],
  ): Promise<{ readonly id: bigint; readonly bag: string }> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.bring('sealed');
    await bench.sayLinked();
    await bench.move(id, 'moveVerified');
    return { id, bag: `request-${id}-bag-1` };
  }

  const sealed = (bag: string): Promise<readonly string[]> => readdir(join(bench.otherDir, bag)).catch(() => []);

  test('the bag is sealed there with manifests that prove it without Coldroom', async () => {
    const { bag } = await moveVerified('whole', ['a', 'b']);
    expect((await bench.run(stageWith())).transitions.map((move) => move.to)).toEqual(['moveSealed', 'moveSealed']);
    for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt'])
      expect(
        execFileSync('sha256sum', ['--strict', '-c', manifest], { cwd: join(bench.otherDir, bag), encoding: 'utf8' }),
      ).not.toContain('FAILED');
    expect(await readFile(join(bench.otherDir, bag, 'omero.jsonl'), 'utf8')).toMatch(/whole\/[ab]/);
    expect(await bench.file('whole/a')).toMatchObject({ state: 'moveSealed', store: 'main' });
  });

  test('a crash after the seal: a second run ends in the same state', async () => {
    await moveVerified('again', ['a']);
    const claim = await bench.claim('moveVerified');
    await stageWith().run(claim, workWith({}));
    await bench.register.claims.releaseClaim(claim);
    await bench.run(stageWith());
    expect(await bench.file('again/a')).toMatchObject({ state: 'moveSealed' });
  });

  test('a stuck file blocks its bag: nothing is sealed without it', async () => {
    const { id, bag } = await moveVerified('partly', ['good', 'bad']);
    const claim = await bench.claim('moveVerified');
    const bad = claim.files.find((file) => file.path.toString().endsWith('bad'))!;
    await bench.register.applyTransitions(
      claim,
      [
        {
          id: bad.id,
          event: 'fail',
          from: 'moveVerified',
          to: 'stuck',
          code: 'TROUBLE',
          reason: 'as the test wants it',
        },
      ],
      { stage: 'test', errorLimit: 1000 },
    );
    expect(await bench.run(stageWith())).toMatchObject({
      transitions: [],
      wait: {
        code: 'MOVE_BLOCKED',
        message: expect.stringContaining('1 of its files are stuck'),
        details: { noDeadline: true },
      },
    });
    expect(await sealed(bag)).toEqual([]);
    await bench.register.moves.cancel(
      (await bench.register.moves.plan('main', { kind: 'Request', ids: [id] })).map((one) => one.id),
      'test',
    );
    await bench.sayLinked();
  });

  test('a copy that is no longer the compared one is not sealed', async () => {
    const { id, bag } = await moveVerified('spoiled', ['gone', 'touched', 'sound']);
    const copies = join(bench.otherDir, '.open', bag, 'data/ManagedRepository/spoiled');
    await rm(join(copies, 'gone'));
    await chmod(join(copies, 'touched'), 0o644);
    await writeFile(join(copies, 'touched'), 'content of touched');
    await bench.run(stageWith());
    expect(await bench.file('spoiled/gone')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'moveVerified',
      code: 'COPY_MISSING',
    });
    expect(await bench.file('spoiled/touched')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'moveVerified',
      code: 'COPY_CHANGED',
    });
    expect([await bench.file('spoiled/sound'), await sealed(bag)]).toMatchObject([{ state: 'moveVerified' }, []]);
    await bench.register.moves.cancel(
      (await bench.register.moves.plan('main', { kind: 'Request', ids: [id] })).map((one) => one.id),
      'test',
    );
    await bench.sayLinked();
  });

  test('waits until every copy is durable there', async () => {
    await moveVerified('slow', ['a', 'b']);
    const stat: Store['stat'] = async (bag, paths) =>
      (await bench.stores.get('other').stat(bag, paths)).map((status, at) =>
        status && at === 1 ? { ...status, durable: 'no', replicationState: 'amber' } : status,
      );
    expect(await bench.run(stageWith({ stat }))).toMatchObject({
      transitions: [],
      wait: { code: 'NOT_DURABLE_YET', message: expect.stringMatching(/^store other .*\(amber\); it is asked again/) },
    });
    await bench.run(stageWith());
    expect(await bench.file('slow/b')).toMatchObject({ state: 'moveSealed' });
  });

  test('a bag that returns to where it was sealed with more files is as good', async () => {
    const { id, bag } = await moveVerified('back', ['a']);
    const before = await readdir(join(bench.storeDir, bag));
    await bench.run(stageWith());
    const bagId = (await bench.register.moves.plan('main', { kind: 'Request', ids: [id] }))[0]!.id;
    const claim = await bench.claim('moveSealed', bagId);
    await bench.register.applyTransitions(
      claim,
      claim.files.map((file) => ({ id: file.id, event: 'moveLink', from: 'moveSealed', to: 'linked' })),
      { stage: 'move-link', errorLimit: 1000, switched: true },
    );
    await bench.register.moves.ask([claim.bagId], { from: 'other', to: 'main' }, 'test');
    for (const [from, event, to] of [
      ['moving', 'moveCopy', 'moveCopied'],
      ['moveCopied', 'moveVerify', 'moveVerified'],
    ] as const) {
      const next = await bench.claim(from, bagId);
      const digested =
        from === 'moveCopied'
          ? await bench.stores.default.digest(
              bag,
              next.files.map((file) => Buffer.from(`ManagedRepository/${file.path.toString()}`)),
              ['SHA-256'],
              workWith({}),
            )
          : [];
      await bench.register.applyTransitions(
        next,
        next.files.map((file, at) => {
          const outcome = digested[at];
          return {
            id: file.id,
            event,
            from,
            to,
            ...(outcome && 'ok' in outcome
              ? {
                  elsewhere: {
                    version: outcome.ok.version,
                    read: outcome.ok.read,
                    digest: outcome.ok.digests['SHA-256'] as string,
                  },
                }
              : {}),
          };
        }),
        { stage: 'test', errorLimit: 1000 },
      );
    }
    await bench.run(stageWith(), { bagId });
    expect(await bench.file('back/a')).toMatchObject({ state: 'moveSealed', store: 'other' });
    expect(await readdir(join(bench.storeDir, bag))).toEqual(before); // a sealed bag never changes
    expect((await bench.register.requests.get(id))?.state).toBe('Running');
  });
});
