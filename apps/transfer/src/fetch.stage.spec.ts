import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, NotYet, Refused, Transient, type Store } from '@coldroom/domain';
import { markerName, writeMarker } from '@coldroom/files';
import { HoldDirectories, Staging } from '@coldroom/trees';
import { type Stage } from '@coldroom/pipeline';
import { Workbench } from '@coldroom/pipeline/testing';
import { FetchStage } from './fetch.stage';

const root = process.getuid?.() === 0;

describe('the fetch stage', () => {
  let bench: Workbench;
  let stage: Stage;

  beforeAll(async () => {
    bench = await Workbench.create('fetch');
    stage = new FetchStage(bench.stores, new Staging(bench.originals, bench.holds), bench.files);
  });
  afterAll(() => bench.close());

  const setAttributes = async (path: Buffer): Promise<void> => {
    if (root) await chown(path, 1234, 2345);
    await chmod(path, path.toString().endsWith('program') ? 0o6755 : 0o2620);
    await utimes(path, 5, 1_500_000_001.456);
  };

  /** Files that are online. Returns their bag and the name of each in staging. */
  async function online(
    fileset: string,
    contents: Readonly<Record<string, string | Buffer>>,
    way: 'restore' | 'recall' = 'restore',
  ): Promise<{ readonly bag: string; readonly staged: Readonly<Record<string, string>> }> {
    const id = await bench.request(
      { [fileset]: Object.entries(contents).map(([name, content]) => ({ path: `${fileset}/${name}`, content })) },
      setAttributes,
    );
    await bench.bring('sealed');
    await bench.sayLinked();
    await bench.ask(id, way);
    await bench.bring('online');
    const bag = `request-${id}-bag-1`;
    const staged = await Promise.all(
      Object.keys(contents).map(
        async (name) =>
          [name, join(bench.holdDir, bag, `${(await bench.file(`${fileset}/${name}`)).id}.fetched`)] as const,
      ),
    );
    return { bag, staged: Object.fromEntries(staged) };
  }

  const copyOf = (bag: string, path: string): string => join(bench.storeDir, bag, 'data/ManagedRepository', path);
  const fileAt = async (path: string): Promise<unknown> => {
    const { mode, uid, gid, mtimeNs } = await lstat(path, { bigint: true });
    return {
      content: await readFile(path, 'latin1'),
      mode: (Number(mode) & 0o7777).toString(8),
      uid: Number(uid),
      gid: Number(gid),
      mtimeNs,
    };
  };
  const owner = root ? { uid: 1234, gid: 2345 } : { uid: process.getuid?.(), gid: process.getgid?.() };

  test('puts copies beside the held originals with the owner, mode and time that the originals had', async () => {
    const large = 'x'.repeat(300_000);
    const { bag, staged } = await online('some', { a: 'content', 'new\nline ÿ': 'odd', empty: '', large });
    await utimes(copyOf(bag, 'some/a'), 7, 7); // a store need not keep these
    await bench.run(stage);
    for (const [name, content] of Object.entries({ a: 'content', 'new\nline ÿ': 'odd', empty: '', large })) {
      expect([name, await bench.file(`some/${name}`)]).toMatchObject([name, { state: 'fetched' }]);
      expect([name, await fileAt(staged[name]!)]).toEqual([
        name,
        { content, mode: '2620', ...owner, mtimeNs: 1_500_000_001_456_000_089n },
      ]);
    }
  });

  test('does not overwrite what a cancelled retrieval proved: the store may have lost it since', async () => {
    const { bag, staged } = await online('kept', { a: 'content', b: 'other' });
    await bench.bring('fetchVerified');
    const { requestId } = await bench.file('kept/a');
    await bench.register.retrievals.cancel({ kind: 'Request', ids: [requestId] }, 'test');
    await writeFile(copyOf(bag, 'kept/a'), 'CONTENT');
    await rm(staged['b']!);
    await bench.ask(requestId);
    await bench.bring('online');
    await bench.run(stage);
    expect(
      await Promise.all(
        ['a', 'b'].map(async (name) => [
          (await bench.file(`kept/${name}`)).state,
          await readFile(staged[name]!, 'utf8'),
        ]),
      ),
    ).toEqual([
      ['fetched', 'content'],
      ['fetched', 'other'],
    ]);
  });

  test('never sets a set-id bit on an executable file, and the events of the file say so', async () => {
    const { staged } = await online('mixed', { program: '#!/bin/sh', data: 'content' });
    await bench.run(stage);
    expect([await fileAt(staged['program']!), await fileAt(staged['data']!)]).toMatchObject([
      { mode: '755', ...owner },
      { mode: '2620', ...owner },
    ]);
    const program = await bench.file('mixed/program');
    expect(program).toMatchObject({ state: 'fetched', code: 'MODE_NOT_KEPT' });
    const told = await bench.register.reports.events({ fileId: program.id });
    expect(told.find(({ code }) => code === 'MODE_NOT_KEPT')).toMatchObject({
      what: 'fetch',
      fileId: program.id,
      detail: { reason: expect.stringContaining('mode 6755 and comes back with 0755') },
    });
    expect((await bench.file('mixed/data')).code).toBeNull();
  });

  test('replaces what an earlier attempt left, and nothing else', async () => {
    const { staged } = await online('again', { a: 'content', b: 'other', c: 'third' });
    await mkdir(join(staged['a']!, '..'), { recursive: true });
    await writeFile(staged['a']!, 'half');
    await symlink('/etc/hostname', staged['b']!);
    await mkdir(staged['c']!);
    await bench.run(stage);
    expect(await fileAt(staged['a']!)).toMatchObject({ content: 'content' });
    for (const name of ['b', 'c'])
      expect([name, await bench.file(`again/${name}`)]).toMatchObject([
        name,
        { state: 'stuck', stuckFrom: 'online', code: 'TARGET_EXISTS' },
      ]);
    expect([(await lstat(staged['b']!)).isSymbolicLink(), (await lstat(staged['c']!)).isDirectory()]).toEqual([
      true,
      true,
    ]);
  });

  test('a copy that is missing, or of another size, is for a person to check; the others continue', async () => {
    const { bag, staged } = await online('spoiled', { gone: 'a', short: 'b', sound: 'c' });
    await rm(copyOf(bag, 'spoiled/gone'));
    await chmod(copyOf(bag, 'spoiled/short'), 0o644);
    await truncate(copyOf(bag, 'spoiled/short'), 0);
    await bench.run(stage);
    expect(await bench.file('spoiled/gone')).toMatchObject({ state: 'stuck', code: 'COPY_MISSING' });
    expect(await bench.file('spoiled/short')).toMatchObject({ state: 'stuck', code: 'COPY_SIZE' });
    expect(await bench.file('spoiled/sound')).toMatchObject({ state: 'fetched' });
    expect(await readdir(join(staged['sound']!, '..'))).toHaveLength(1);
  });

  /** A stage whose store no longer delivers `b`, and answers as given here when it is asked to bring it online. */
  function losing(bringOnline: Store['bringOnline']): Stage {
    const offline: Store['fetch'] = async (bag, orders, work) => {
      const fetched = (
        await bench.stores.default.fetch(
          bag,
          orders.filter(({ path }) => !path.toString().endsWith('/b')),
          work,
        )
      ).values();
      return orders.map(({ path }) =>
        path.toString().endsWith('/b')
          ? { error: new NotYet('COPY_OFFLINE', 'it is archived') }
          : fetched.next().value!,
      );
    };
    const store = Object.assign(Object.create(bench.stores.default) as Store, { fetch: offline, bringOnline });
    return new FetchStage(
      { ...bench.stores, get: () => store },
      new Staging(bench.originals, bench.holds),
      bench.files,
    );
  }

  test('a copy that is offline again is requested again, and waited for; no attempt is counted', async () => {
    const { staged } = await online('evicted', { a: 'content', b: 'other' });
    const asked: string[] = [];
    await bench.run(
      losing(async (_bag, paths) =>
        paths.map((path) => {
          asked.push(path.toString());
          return { ok: { online: false, state: 'in progress' } };
        }),
      ),
    );
    expect(asked).toEqual(['ManagedRepository/evicted/b']);
    expect(await bench.file('evicted/a')).toMatchObject({ state: 'fetched' });
    expect(await bench.file('evicted/b')).toMatchObject({ state: 'retrieving', code: null });
    const claim = await bench.claim('retrieving');
    expect(claim.files).toMatchObject([{ state: 'retrieving', copyAttempts: 0 }]);
    await bench.register.claims.releaseClaim(claim);
    await bench.bring('online');
    await bench.run(stage);
    expect(await fileAt(staged['b']!)).toMatchObject({ content: 'other' });
  });

  test.each<[what: string, bringOnline: Store['bringOnline'], code: string]>([
    [
      'that the store calls near though it does not give it',
      async (_bag, paths) => paths.map(() => ({ ok: { online: true, state: 'local' } })),
      'COPY_OFFLINE',
    ],
    [
      'that the store does not bring online',
      async () => {
        throw new Transient('RECALL_FAILED', 'HTTP 500');
      },
      'RECALL_FAILED',
    ],
  ])('a copy %s stays where it is, and blocks no other', async (what, bringOnline, code) => {
    await online(what, { a: 'content', b: 'other' });
    await bench.run(losing(bringOnline));
    expect([(await bench.file(`${what}/a`)).state, (await bench.file(`${what}/b`)).state]).toEqual([
      'fetched',
      'online',
    ]);
    // this counts towards the deadline, or as an attempt
    expect(codeOf(await bench.run(losing(bringOnline)).catch((error: unknown) => error))).toBe(code);
    await bench.run(stage);
  });

  test('one that is gone when it is requested again from the store is for a person to check', async () => {
    await online('gone since', { a: 'content', b: 'other' });
    await bench.run(
      losing(async (_bag, paths) =>
        paths.map(() => ({ error: new Refused('COPY_MISSING', 'there is no such object') })),
      ),
    );
    expect([await bench.file('gone since/a'), await bench.file('gone since/b')]).toMatchObject([
      { state: 'fetched' },
      { state: 'stuck', code: 'COPY_MISSING' },
    ]);
  });

  test('nothing is fetched where the store or the hold directory is unavailable', async () => {
    const { staged } = await online('away', { a: 'content' });
    for (const [directory, code] of [
      [bench.storeDir, 'STORE_UNAVAILABLE'],
      [bench.holdDir, 'ROOT_UNAVAILABLE'],
    ] as const) {
      await rename(join(directory, markerName), join(directory, 'aside'));
      expect(codeOf(await bench.run(stage).catch((error: unknown) => error))).toBe(code);
      await rename(join(directory, 'aside'), join(directory, markerName));
    }
    await expect(lstat(staged['a']!)).rejects.toMatchObject({ code: 'ENOENT' });
    await bench.run(stage);
  });

  test('recalled copies are put into the recall directory, and cannot be written to', async () => {
    const { store, stores, recallDir } = await bench.recallable();
    const { bag } = await online('recalled', { a: 'content' }, 'recall');
    await bench.run(new FetchStage(stores, new Staging(bench.originals, bench.holds), bench.files));
    expect(store.recallRoot).toBe(recallDir);
    const { id } = await bench.file('recalled/a');
    expect(await fileAt(join(recallDir, '.fetching', bag, id.toString()))).toMatchObject({
      content: 'content',
      mode: '444',
    });
  });

  test('a recall from a store whose links lead to the copies themselves is refused', async () => {
    await online('none', { a: 'content' }, 'recall');
    expect(codeOf(await bench.run(stage).catch((error: unknown) => error))).toBe('NOT_RECALLABLE');
    await bench.register.retrievals.cancel({ kind: 'Fileset', names: ['none'] }, 'test');
  });

  test('with a claim that may be lost, nothing is fetched', async () => {
    await online('lost', { a: 'content' });
    const deadline = new BigInt64Array(new SharedArrayBuffer(8)).fill(process.hrtime.bigint() - 1n);
    const claim = await bench.claim('online');
    const error = await stage
      .run(claim, { signal: new AbortController().signal, deadline, progress: () => undefined, check: () => undefined })
      .catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('CLAIM_LOST');
    await bench.register.claims.releaseClaim(claim);
    await bench.run(stage);
  });

  (root ? test : test.skip)(
    'a full disk is reported as the target disk, leaves nothing behind, and clears later',
    async () => {
      const small = join(tmpdir(), `coldroom-full-${process.pid}`);
      await mkdir(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
      try {
        const { staged } = await online('full', { a: 'x'.repeat(700_000), b: 'y'.repeat(700_000) });
        await writeMarker(small, 'hold');
        const tight = new FetchStage(
          bench.stores,
          new Staging(bench.originals, { on: async () => ({ directory: small }) } as unknown as HoldDirectories),
          bench.files,
        );
        const error = await bench.run(tight).catch((thrown: unknown) => thrown);
        expect([codeOf(error), (error as Error).message]).toEqual(['TARGET_FULL', expect.stringContaining(small)]);
        expect((await readdir(small, { recursive: true })).filter((name) => name.endsWith('.fetched'))).toEqual([]);
        expect(await bench.file('full/a')).toMatchObject({ state: 'online' });
        await bench.run(stage);
        expect(await fileAt(staged['b']!)).toMatchObject({ content: 'y'.repeat(700_000) });
      } finally {
        execFileSync('umount', [small]);
        await rm(small, { recursive: true });
      }
    },
  );
});
