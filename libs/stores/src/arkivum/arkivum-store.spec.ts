import { copyPath, type CopyStatus, type Store } from '@coldroom/domain';
import {
  checkBag,
  startFakeArkivum,
  type FakeArkivum,
  type FakeArkivumOptions,
  type FaultRule,
} from '@coldroom/fake-arkivum';
import { Files, identityOf, markerName, writeMarker } from '@coldroom/files';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tagFiles } from '@coldroom/bagit';
import { proveBySums } from '@coldroom/bagit/testing';
import { openStore } from '../open-store';
import { parseStores } from '../settings';
import type { ArkivumStoreSettings } from '../store-settings';
import { describeStore, work, type StoreUnderTest } from '../testing/conformance';
import { Appliance } from './appliance';
import { HandOver } from './hand-over';

let files: Files;
beforeAll(() => {
  files = new Files({ threads: 1 });
});
afterAll(() => files.close());

interface Made extends StoreUnderTest {
  readonly top: string;
  readonly mount: string;
  readonly fake: FakeArkivum;
  /** Another store at the same location, as another service has it. */
  readonly open: (part?: object) => Store;
}

async function make(part: object = {}, fakePart: Partial<FakeArkivumOptions> = {}): Promise<Made> {
  const top = mkdtempSync(join(tmpdir(), 'coldroom-arkivum-'));
  const [sourceDir, share] = [join(top, 'ManagedRepository'), join(top, 'share')];
  const mount = join(share, 'omero');
  for (const directory of [sourceDir, share, mount]) mkdirSync(directory);
  await writeMarker(sourceDir, 'ManagedRepository');
  await writeMarker(mount, 'main');
  const fake = await startFakeArkivum({ dir: join(top, 'fake'), mount: share, ...fakePart });
  const opened: Store[] = [];
  const open = (more: object = {}): Store => {
    const settings = {
      kind: 'arkivum',
      mount,
      folder: 'omero',
      url: fake.url,
      caFile: fake.caFile,
      api: 'v3',
      sameFileSystem: true,
      silenceLimit: '1s',
      ...part,
      ...more,
    };
    const store = openStore('main', parseStores({ default: 'main', stores: { main: settings } }).stores['main']!, {
      files,
      omeroRoots: [sourceDir],
    });
    opened.push(store);
    return store;
  };
  return {
    top,
    mount,
    fake,
    open,
    store: open(),
    sourceDir,
    becomeUnavailable: async () => renameSync(join(mount, markerName), join(top, 'marker')),
    proveBag: async (bag) => {
      proveBySums(join(mount, bag));
      expect((await checkBag(join(mount, bag))).failures).toEqual([]);
    },
    cleanup: async () => {
      for (const store of opened) await store.close();
      await fake.stop();
      execFileSync('chmod', ['-R', 'u+w', top]);
      rmSync(top, { recursive: true });
    },
  };
}

describeStore('arkivum, whole bags handed over', () => make({ api: 'v3' }));
describeStore('arkivum, single files handed over', () => make({ api: 'v2' }));

const keyOf = (name: string): Buffer => copyPath({ root: 'ManagedRepository', path: Buffer.from(name) });

/** Puts files into a bag, and returns the tag files to seal it with. */
async function filled(
  made: Made,
  names: readonly string[],
  store = made.store,
  md5 = true,
): Promise<ReturnType<typeof tagFiles>> {
  const sources = names.map((name) => {
    writeFileSync(join(made.sourceDir, name), `content of ${name}`);
    return {
      root: made.sourceDir,
      path: Buffer.from(name),
      copyPath: keyOf(name),
      identity: identityOf(lstatSync(join(made.sourceDir, name), { bigint: true })),
    };
  });
  await store.put('bag-1', sources, work());
  const digests = await store.digest('bag-1', names.map(keyOf), md5 ? ['SHA-256', 'MD5-128'] : ['SHA-256'], work());
  return tagFiles({
    bag: 'bag-1',
    date: new Date(0),
    files: sources.map((source, at) => ({
      ...source,
      root: 'ManagedRepository',
      fileset: 'Fileset:1',
      originalFileId: 1n,
      pixelsId: null,
      imageIds: [1n],
      owner: 'ada',
      group: 'lab',
      omeroHash: null,
      digests: (digests[at] as { ok: { digests: object } }).ok.digests,
    })),
  });
}

const seal = (store: Store, names: readonly string[], tags: ReturnType<typeof tagFiles>): Promise<void> =>
  store.seal('bag-1', names.map(keyOf), tags, work());

describe('an arkivum store', () => {
  let made: Made;
  afterEach(() => made.cleanup());

  async function sealed(
    part: object = {},
    fakePart: Partial<FakeArkivumOptions> = {},
    names = ['a', 'b'],
  ): Promise<void> {
    made = await make(part, fakePart);
    await seal(made.store, names, await filled(made, names));
  }
  const stat = async (...names: string[]): Promise<readonly (CopyStatus | undefined)[]> =>
    made.store.stat('bag-1', (names.length > 0 ? names : ['a', 'b']).map(keyOf));
  const answers = async (): Promise<unknown> =>
    (await stat()).map((status) => [status?.durable, status?.replicationState]);
  const asked = (method: string): readonly string[] =>
    made.fake.requests.filter((request) => request.startsWith(method));
  const under = async (fault: FaultRule['fault'], path = '/data/.*/a$'): Promise<unknown> => {
    made.fake.setFaults([{ path, api: 'fileInfo', fault }]);
    try {
      return await answers();
    } finally {
      expect(made.fake.unusedFaults()).toEqual([]);
    }
  };

  it('goes from nothing to green, and calls a copy durable at green only', async () => {
    await sealed();
    expect(await under({ kind: 'late', seconds: 600 })).toEqual([
      ['no', 'not seen yet'],
      ['yes', 'green'],
    ]);
    made.fake.setFaults([
      { fault: { kind: 'ingest-state', ingestState: 'PRIMARY' } },
      { fault: { kind: 'null-md5' } },
      { fault: { kind: 'stays', replicationState: 'red' } },
    ]);
    expect(await answers()).toEqual([
      ['no', 'red, ingest PRIMARY'],
      ['no', 'red, ingest PRIMARY'],
    ]);
    for (const replicationState of ['red', 'amber'])
      expect(await under({ kind: 'stays', replicationState })).toEqual([
        ['no', replicationState],
        ['yes', 'green'],
      ]);
    expect(await under({ kind: 'stays', replicationState: 'green' })).toEqual([
      ['yes', 'green'],
      ['yes', 'green'],
    ]);
  });

  it('calls a copy durable at amber if the settings allow it', async () => {
    await sealed({ durableAt: 'amber' });
    expect(await under({ kind: 'stays', replicationState: 'AMBER' }, '')).toEqual([
      ['yes', 'AMBER'],
      ['yes', 'AMBER'],
    ]);
    expect(await under({ kind: 'stays', replicationState: 'red' }, '')).toEqual([
      ['no', 'red'],
      ['no', 'red'],
    ]);
  });

  it('accepts no answer that it does not understand', async () => {
    await sealed();
    const unknown = async (fault: FaultRule['fault'], word: string): Promise<void> =>
      expect(await under(fault)).toEqual([
        ['unknown', word],
        ['yes', 'green'],
      ]);
    await unknown({ kind: 'status', status: 500 }, 'unknown: HTTP 500');
    await unknown({ kind: 'status', status: 401 }, 'unknown: HTTP 401');
    await unknown({ kind: 'html' }, 'unknown: its answer is not a JSON object');
    await unknown({ kind: 'null-md5' }, 'unknown: it gives no MD5');
    await unknown({ kind: 'size-as-text', text: '10 bytes' }, 'unknown: its size cannot be understood');
    await unknown({ kind: 'size-as-text', text: '' }, 'unknown: its size cannot be understood');
    await unknown({ kind: 'lies', size: 10.5 }, 'unknown: its size cannot be understood');
    await unknown({ kind: 'lies', size: -1 }, 'unknown: its size cannot be understood');
    await unknown({ kind: 'lies', md5: 'none' }, 'unknown: its md5 cannot be understood');
    await unknown({ kind: 'stays', replicationState: 'black' }, 'black');
    await unknown({ kind: 'stays', replicationState: '' }, 'unknown: its replicationState cannot be understood');
  });

  it('follows no redirect, not even to a valid answer', async () => {
    await sealed();
    expect(
      await under({
        kind: 'redirect',
        to: `${made.fake.url}/api/2/files/fileInfo/omero/bag-1/data/ManagedRepository/b`,
      }),
    ).toEqual([
      ['unknown', 'unknown: HTTP 302'],
      ['yes', 'green'],
    ]);
  });

  it('understands answers that differ only in form', async () => {
    await sealed();
    for (const fault of [{ kind: 'size-as-text' }, { kind: 'capital-md5' }, { kind: 'extra-fields' }] as const)
      expect(await under(fault)).toEqual([
        ['yes', 'green'],
        ['yes', 'green'],
      ]);
  });

  it('reads an MD5 without its leading zeros as the same number', async () => {
    const zero = 'f13'; // the MD5 of "content of f13" starts with a zero
    await sealed({}, {}, ['a', 'b', zero]);
    expect(readFileSync(join(made.mount, 'bag-1/manifest-md5.txt'), 'utf8')).toMatch(
      new RegExp(`^0[0-9a-f]{31} {2}data/ManagedRepository/${zero}$`, 'm'),
    );
    made.fake.setFaults([{ api: 'fileInfo', fault: { kind: 'short-md5' } }]);
    expect((await stat(zero))[0]).toMatchObject({ durable: 'yes' });
  });

  it.each([
    [{ md5: 'd41d8cd98f00b204e9800998ecf8427e' }, 'MD5 d41d8cd98f00b204e9800998ecf8427e instead of'],
    [{ size: 11 }, '11 bytes instead of 12'],
    [{ size: 0 }, '0 bytes'],
  ])('reports an error if the appliance holds other data: %j', async (lie, told) => {
    await sealed();
    const loud = {
      kind: 'refused',
      code: 'STORE_DIFFERS',
      message: expect.stringContaining(`"ManagedRepository/a" with ${told}`),
    };
    await expect(under({ kind: 'lies', ...lie })).rejects.toMatchObject(loud);
    made.fake.setFaults([
      { api: 'fileInfo', fault: { kind: 'lies', ...lie } },
      { api: 'fileInfo', fault: { kind: 'ingest-state', ingestState: 'PRIMARY' } },
    ]);
    expect(await answers()).toEqual([
      ['no', 'green, ingest PRIMARY'],
      ['no', 'green, ingest PRIMARY'],
    ]); // no information on a file that is still being ingested
  });

  it('no longer calls a copy durable when the appliance does not', async () => {
    await sealed();
    expect(await answers()).toEqual([
      ['yes', 'green'],
      ['yes', 'green'],
    ]);
    expect(await under({ kind: 'stays', replicationState: 'amber' })).toEqual([
      ['no', 'amber'],
      ['yes', 'green'],
    ]);
    expect(await under({ kind: 'late', seconds: 60 })).toEqual([
      ['no', 'not seen yet'],
      ['yes', 'green'],
    ]);
  });

  it.each([{ kind: 'silent' }, { kind: 'cut' }] as const)(
    'is unavailable where the appliance is $kind',
    async (fault) => {
      await sealed();
      await expect(under(fault)).rejects.toMatchObject({
        kind: 'transient',
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(made.fake.url),
      });
      made.fake.setFaults([]);
      expect(await answers()).toEqual([
        ['yes', 'green'],
        ['yes', 'green'],
      ]);
    },
  );

  it('is unavailable while nothing listens, and available again after the appliance restarts', async () => {
    await sealed();
    await answers();
    const port = Number(new URL(made.fake.url).port);
    await made.fake.stop();
    await expect(stat()).rejects.toMatchObject({ kind: 'transient', code: 'STORE_UNAVAILABLE' });
    await expect(made.store.check('read')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const again = await startFakeArkivum({ dir: join(made.top, 'fake'), mount: join(made.top, 'share'), port });
    try {
      expect(await answers()).toEqual([
        ['yes', 'green'],
        ['yes', 'green'],
      ]);
    } finally {
      await again.stop();
    }
  });

  it('requests nothing about open bags or missing copies', async () => {
    made = await make();
    await filled(made, ['a', 'b']);
    expect(await answers()).toEqual([
      ['no', 'open'],
      ['no', 'open'],
    ]);
    expect(await stat('none')).toEqual([undefined]);
    expect(made.fake.requests).toEqual([]);
  });

  it.each([
    ['v3', 1],
    ['v2', 8],
  ] as const)('hands a bag over by %s once, even if another instance seals it again', async (api, requests) => {
    await sealed({ api });
    const tags = tagsOnDisk();
    await seal(made.store, ['a', 'b'], tags);
    await seal(made.open(), ['a', 'b'], tags); // another service, or the same one after a restart
    expect(asked('POST').length).toBe(requests);
    expect(new Set(asked('POST')).size).toBe(requests);
    expect(readdirSync(join(made.mount, '.handed-over'))).toEqual(['bag-1']);
    expect(await collect(made.store.bags())).toEqual(['bag-1']);
  });

  it('hands over again if a crash came before the note was written', async () => {
    await sealed();
    rmSync(join(made.mount, '.handed-over'), { recursive: true });
    await seal(made.open(), ['a', 'b'], tagsOnDisk());
    expect(asked('POST').length).toBe(2);
  });

  it('hands over later if the appliance does not know the files yet, and none of them twice', async () => {
    made = await make(
      { api: 'v2' },
      { faults: [{ api: 'release', path: 'b$', times: 2, fault: { kind: 'status', status: 404 } }] },
    );
    const tags = await filled(made, ['a', 'b']);
    for (const notes of [0, 0, 1, 1]) {
      await seal(made.store, ['a', 'b'], tags);
      expect(readdirSync(made.mount).filter((name) => name === '.handed-over').length).toBe(notes);
    }
    expect(asked('POST').filter((request) => request.endsWith('/b')).length).toBe(3);
    expect(asked('POST').filter((request) => request.endsWith('/a')).length).toBe(1);
  });

  it('reports that a bag was not accepted', async () => {
    made = await make({}, { faults: [{ api: 'ingest-manifest', fault: { kind: 'status', status: 500 } }] });
    const tags = await filled(made, ['a']);
    await expect(seal(made.store, ['a'], tags)).rejects.toMatchObject({
      kind: 'transient',
      code: 'HAND_OVER_FAILED',
      message: expect.stringContaining('HTTP 500'),
    });
    made.fake.setFaults([{ api: 'ingest-manifest', fault: { kind: 'html' } }]);
    await expect(seal(made.store, ['a'], tags)).rejects.toMatchObject({
      code: 'HAND_OVER_FAILED',
      message: expect.stringContaining('without an id'),
    });
    made.fake.setFaults([]);
    await seal(made.store, ['a'], tags);
  });

  it('reports what the appliance finds wrong with a bag', async () => {
    await sealed();
    made.fake.setFaults([
      {
        api: 'ingest-manifest',
        fault: { kind: 'manifest-fails', filepath: 'data/ManagedRepository/a', reason: 'Initial verification failed' },
      },
    ]);
    await expect(seal(made.store, ['a', 'b'], tagsOnDisk())).rejects.toMatchObject({
      kind: 'refused',
      code: 'INGEST_FAILED',
      message: expect.stringContaining('data/ManagedRepository/a: Initial verification failed'),
    });
    made.fake.setFaults([{ api: 'ingest-manifest', fault: { kind: 'html' } }]);
    await seal(made.store, ['a', 'b'], tagsOnDisk()); // no answer about the bag: each file is queried anyway
  });

  it('hands nothing over if the appliance ingests copies by itself', async () => {
    await sealed({ release: false });
    expect(asked('POST')).toEqual([]);
    expect(await answers()).toEqual([
      ['yes', 'green'],
      ['yes', 'green'],
    ]);
  });

  it.each(['v2', 'v3'] as const)('hands nothing over by %s once the claim has run out', async (api) => {
    made = await make();
    await filled(made, ['a']);
    const settings = parseStores({
      default: 'main',
      stores: {
        main: {
          kind: 'arkivum',
          mount: made.mount,
          folder: 'omero',
          url: made.fake.url,
          caFile: made.fake.caFile,
          api,
        },
      },
    }).stores['main'] as ArkivumStoreSettings;
    const appliance = new Appliance('main', settings);
    const handOver = new HandOver('main', settings, appliance);
    const bag = { bag: 'bag-1', copies: [{ path: keyOf('a'), size: 12n, md5: '0'.repeat(32) }], tags: [] };
    try {
      const lost = { kind: 'transient', code: 'CLAIM_LOST' };
      await expect(
        handOver.run(bag, work({ deadline: new BigInt64Array(new SharedArrayBuffer(8)) })),
      ).rejects.toMatchObject(lost);
      await expect(handOver.run(bag, work({ signal: AbortSignal.abort() }))).rejects.toMatchObject(lost);
    } finally {
      appliance.close();
    }
    expect(made.fake.requests).toEqual([]);
  });

  it('needs the MD5 of every copy', async () => {
    made = await make();
    const tags = await filled(made, ['a'], made.store, false);
    await expect(seal(made.store, ['a'], tags)).rejects.toMatchObject({ kind: 'refused', code: 'MD5_MISSING' });
    expect((await stat('a'))[0]).toMatchObject({
      durable: 'unknown',
      replicationState: 'unknown: the bag holds no MD5 of this copy',
    });
  });

  it('requests copies that are not in the cache once, and fetches none before it is there', async () => {
    await sealed({}, { pace: { restored: 0.5 } });
    await answers();
    made.fake.evict('omero/bag-1/data/ManagedRepository/a');
    const online = (store = made.store): Promise<unknown> =>
      store.bringOnline('bag-1', ['a', 'b', 'none'].map(keyOf), work());
    const missing = { error: expect.objectContaining({ code: 'COPY_MISSING' }) };
    const order = (name: string): Parameters<Store['fetch']>[1][number] => ({
      path: keyOf(name),
      size: 12n,
      target: { root: made.sourceDir, path: Buffer.from(`staging/${name}`) },
    });
    for (let nr = 0; nr < 3; nr += 1)
      expect(await online()).toEqual([
        { ok: { online: false, state: 'asked for' } },
        { ok: { online: true, state: 'local' } },
        missing,
      ]);
    expect(await made.store.fetch('bag-1', [order('a'), order('b')], work())).toEqual([
      { error: expect.objectContaining({ kind: 'not-yet', code: 'COPY_OFFLINE' }) },
      { ok: expect.objectContaining({ size: 12n }) },
    ]);
    expect(asked('POST').filter((request) => request.includes('restore-request')).length).toBe(1);
    while (JSON.stringify(await online()).includes('asked for')) {
      /* a tape is loaded */
    }
    expect(await online()).toEqual([
      { ok: { online: true, state: 'local' } },
      { ok: { online: true, state: 'local' } },
      missing,
    ]);
    expect(await made.store.fetch('bag-1', [order('a')], work())).toMatchObject([{ ok: { size: 12n } }]);
    expect(readFileSync(join(made.sourceDir, 'staging/a'), 'utf8')).toBe('content of a');
  });

  it('reads only cached copies of a sealed bag and requests none; reads an open bag at once', async () => {
    made = await make();
    const tags = await filled(made, ['a', 'b']);
    expect(asked('GET')).toEqual([]);
    await seal(made.store, ['a', 'b'], tags);
    await answers();
    made.fake.evict('omero/bag-1/data/ManagedRepository/a');
    const read = (): ReturnType<Store['digest']> =>
      made.store.digest('bag-1', ['a', 'b', 'none'].map(keyOf), ['SHA-256'], work());
    const [offline, ...others] = await read();
    expect(offline).toEqual({ error: expect.objectContaining({ kind: 'not-yet', code: 'COPY_OFFLINE' }) });
    expect(others).toEqual([
      { ok: expect.objectContaining({ size: 12n }) },
      { error: expect.objectContaining({ code: 'COPY_MISSING' }) },
    ]);
    expect(asked('POST').filter((request) => request.includes('restore-request'))).toEqual([]);
    made.fake.setFaults([{ path: '/b$', fault: { kind: 'status', status: 500 } }]); // an unknown state does not prevent a check
    expect((await read())[1]).toHaveProperty('ok');
    await made.store.bringOnline('bag-1', [keyOf('a')], work());
    expect((await read())[0]).toMatchObject({ ok: { size: 12n } });
  });

  it('reports that it does not know if a copy is online, and that a recall failed', async () => {
    await sealed();
    await answers();
    made.fake.setFaults([
      { path: 'a$', fault: { kind: 'status', status: 503 } },
      { path: 'b$', fault: { kind: 'late', seconds: 60 } },
    ]);
    expect(await made.store.bringOnline('bag-1', ['a', 'b'].map(keyOf), work())).toEqual([
      { ok: { online: false, state: 'unknown: HTTP 503' } },
      { ok: { online: false, state: 'not known to the appliance' } },
    ]);
    made.fake.evict('omero/bag-1/data/ManagedRepository/a');
    made.fake.setFaults([{ api: 'restore-request', fault: { kind: 'status', status: 404 } }]);
    await expect(made.store.bringOnline('bag-1', [keyOf('a')], work())).rejects.toMatchObject({
      kind: 'transient',
      code: 'RECALL_FAILED',
    });
  });

  it('trusts no certificate but the one in the file, and no other host name', async () => {
    made = await make();
    await made.store.check('write');
    await expect(made.open({ caFile: undefined }).check('read')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('SELF_SIGNED'),
    });
    await expect(made.open({ caFile: '/none.pem' }).check('read')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('ENOENT'),
    });
    await expect(
      made.open({ url: made.fake.url.replace('localhost', '127.0.0.2') }).check('read'),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(made.open({ caFile: undefined }).check('read')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('is unavailable if something else answers at its address', async () => {
    made = await make({}, { faults: [{ fault: { kind: 'html' } }] });
    await expect(made.store.check('read')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('no appliance'),
    });
  });

  it('uses plain HTTP only where that is allowed', async () => {
    made = await make({ insecure: true }, { tls: false });
    await made.store.check('write');
    expect(() => made.open({ insecure: false })).toThrow(
      expect.objectContaining({ code: 'STORES_INVALID', message: expect.stringContaining('insecure: true') }),
    );
  });

  function tagsOnDisk(): ReturnType<typeof tagFiles> {
    const bag = join(made.mount, 'bag-1');
    return readdirSync(bag)
      .filter((name) => name !== 'data')
      .map((name) => ({ name, content: readFileSync(join(bag, name)) }));
  }
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
