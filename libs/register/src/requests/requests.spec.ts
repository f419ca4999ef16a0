import type { NewFile } from './drafts';
import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  claimed,
  closure,
  draft,
  newFile,
  newImage,
  running,
  skipped,
  statesOf,
} from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

async function create(
  files: readonly NewFile[],
  images = [...new Set(files.map((file) => file.fileset))].map((name, nr) => newImage(BigInt(nr + 1), name)),
): Promise<bigint> {
  return place.register.requests.create(draft, closure(images, files), 'scanner');
}

async function verdicts(requestId: bigint): Promise<Record<string, string>> {
  const files = await place.register.reports.files({ requestId });
  return Object.fromEntries(files.map((file) => [file.path, file.code ?? file.state]));
}

describe('create', () => {
  it('keeps every byte of unusual paths, from the scan to the claim', async () => {
    const paths = [
      Buffer.from('new\nline'),
      Buffer.from([0x61, 0xff, 0xfe, 0x80]),
      Buffer.from('x'.repeat(255)),
      Buffer.from(`${'y'.repeat(255)}/z`),
      Buffer.from('tab\tquote\'"\\back'),
      Buffer.from('ünïcödé 顕微鏡'),
      Buffer.from('{a,b}'),
      Buffer.from(' '),
      Buffer.from('NULL'),
    ];
    const id = await create(
      paths.map((path) => newFile('Fileset:1', path, { display: path.toString('latin1').replaceAll('\n', '\\n') })),
    );
    await place.register.requests.approve(id, 'boss');
    await place.register.requests.start(id, 'main', (nr) => `bag-${nr}`, 'scanner');
    const [bag] = await bagsOf(place.register);
    const { files } = await claimed(place.register, bag as bigint, 'approved');
    expect(files.map((file) => file.path.toString('hex'))).toEqual(paths.map((path) => path.toString('hex')));
  });

  it('keeps every fact of a file', async () => {
    const file = newFile('Fileset:1', 'a', {
      root: 'Pixels',
      size: 9_007_199_254_740_993n,
      originalFileId: 9_007_199_254_740_995n,
      pixelsId: 7n,
      omeroHash: { algorithm: 'SHA1-160', value: 'ff' },
    });
    const id = await create([file]);
    await place.register.requests.approve(id, 'boss');
    await place.register.requests.start(id, 'main', (nr) => `bag-${nr}`, 'scanner');
    const claim = await claimed(place.register, (await bagsOf(place.register))[0] as bigint, 'approved');
    expect(claim).toMatchObject({
      bag: 'bag-1',
      requestId: id,
      requestState: 'Running',
      store: 'main',
      fence: 1n,
      attempts: 0,
      waitingSince: null,
    });
    expect(claim.files).toEqual([
      {
        id: expect.any(BigInt),
        requestId: id,
        bagId: claim.bagId,
        fileset: 'Fileset:1',
        root: 'Pixels',
        path: Buffer.from('a'),
        size: 9_007_199_254_740_993n,
        state: 'approved',
        omeroHash: { algorithm: 'SHA1-160', value: 'ff' },
        originalFileId: 9_007_199_254_740_995n,
        pixelsId: 7n,
        identity: 'take' in file.verdict ? file.verdict.take : null,
        digests: {},
        copyVersion: null,
        copyDigest: null,
        copyRead: null,
        copyAttempts: 0,
        linkedAt: null,
        retrieval: null,
        fetched: null,
        onlineUntil: null,
      },
    ]);
  });

  it('skips a path that OMERO names twice, in one batch or two, and sets its fileset aside', async () => {
    const id = await create([
      newFile('Fileset:1', 'same', { originalFileId: 1n }),
      newFile('Fileset:2', 'same', { originalFileId: 2n }),
      newFile('Fileset:3', 'x'),
      newFile('Fileset:4', 'same', { originalFileId: 3n }),
      newFile('Fileset:4', 'other'),
    ]);
    const { rows } = await place.sql.query(
      'SELECT fileset, display, coalesce(code, state) AS verdict FROM file WHERE request_id = $1 ORDER BY id',
      [id],
    );
    expect(rows.map((row) => `${row.fileset} ${row.display} ${row.verdict}`)).toEqual([
      'Fileset:1 same registered',
      'Fileset:2 same PATH_TWICE',
      'Fileset:3 x registered',
      'Fileset:4 same PATH_TWICE',
      'Fileset:4 other FILESET_INCOMPLETE',
    ]);
  });

  it('takes the same path below another root for another file', async () => {
    const id = await create([
      newFile('Legacy:1', 'same', { root: 'Pixels' }),
      newFile('Legacy:1', 'same', { root: 'Files' }),
    ]);
    expect(await statesOf(place.register, id)).toEqual(['registered', 'registered']);
  });

  it('leaves files and images to the request that already has them', async () => {
    const first = await create([newFile('Fileset:1', 'a'), newFile('Fileset:1', 'b')]);
    const second = await create(
      [newFile('Fileset:1', 'a'), newFile('Fileset:1', 'b'), newFile('Fileset:2', 'c')],
      [newImage(1n, 'Fileset:1'), newImage(9n, 'Fileset:2')],
    );
    expect(await verdicts(second)).toEqual({ a: 'IN_ANOTHER_REQUEST', b: 'IN_ANOTHER_REQUEST', c: 'registered' });
    expect((await place.register.reports.files({ requestId: second }))[0]?.reason).toBe(
      `the file belongs to request ${first}`,
    );
    expect(await place.register.requests.requestsOf([1n, 9n, 77n])).toEqual(
      new Map([
        [1n, first],
        [9n, second],
      ]),
    );
  });

  it.each(['ALREADY_A_LINK', 'HARD_LINKED'])('archives a fileset without a file that is %s', async (code) => {
    const id = await create([newFile('Fileset:1', 'a'), newFile('Fileset:1', 'b', skipped(code))]);
    expect(await verdicts(id)).toEqual({ a: 'registered', b: code });
  });

  it.each(['MISSING', 'NOT_A_FILE', 'OUTSIDE_ROOT', 'A_CODE_NOBODY_KNOWS'])(
    'sets a fileset aside for a file that is %s',
    async (code) => {
      const id = await create([
        newFile('Fileset:1', 'a'),
        newFile('Fileset:1', 'b', skipped(code)),
        newFile('Fileset:2', 'c'),
      ]);
      expect(await verdicts(id)).toEqual({ a: 'FILESET_INCOMPLETE', b: code, c: 'registered' });
      expect((await place.register.reports.files({ requestId: id }))[0]?.reason).toBe(
        `another file of this fileset cannot be taken: b (${code})`,
      );
    },
  );

  it('writes nothing at all when the list of files breaks off', async () => {
    const broken = closure([newImage(1n, 'Fileset:1')], []);
    async function* files(): AsyncGenerator<readonly NewFile[]> {
      yield [newFile('Fileset:1', 'a')];
      throw new Error('OMERO became unavailable');
    }
    await expect(place.register.requests.create(draft, { ...broken, files: files() }, 'scanner')).rejects.toThrow(
      'OMERO became unavailable',
    );
    const { rows } = await place.sql.query(
      'SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM file) + (SELECT count(*) FROM request_image) AS n',
    );
    expect(Number(rows[0].n)).toBe(0);
  });
});

describe('a decision', () => {
  it('is made once', async () => {
    const id = await create([newFile('Fileset:1', 'a')]);
    const decisions = await Promise.allSettled([
      place.register.requests.approve(id, 'boss'),
      place.register.requests.decline(id, 'chief', 'no'),
      place.register.requests.approve(id, 'deputy'),
    ]);
    expect(decisions.filter((decision) => decision.status === 'fulfilled')).toHaveLength(1);
    for (const decision of decisions)
      if (decision.status === 'rejected')
        expect(decision.reason).toMatchObject({ kind: 'refused', code: 'REQUEST_DECIDED' });
    const events = await place.register.reports.events({ requestId: id });
    expect(events.map((event) => event.what)).toEqual([expect.stringMatching(/approve|decline/), 'scan']);
  });

  it('requires a request', async () => {
    await expect(place.register.requests.approve(77n, 'boss')).rejects.toMatchObject({
      kind: 'refused',
      code: 'NO_SUCH_REQUEST',
    });
  });

  it('to decline frees files and images for another request, and records who and why', async () => {
    const id = await create([newFile('Fileset:1', 'a')]);
    await place.register.requests.decline(id, 'boss', 'still needed');
    expect(await place.register.requests.get(id)).toMatchObject({
      state: 'Declined',
      decidedBy: 'boss',
      reason: 'still needed',
    });
    expect(await statesOf(place.register, id)).toEqual(['declined']);
    expect((await place.register.requests.requestsOf([1n])).size).toBe(0);
    expect(await statesOf(place.register, await create([newFile('Fileset:1', 'a')]))).toEqual(['registered']);
    expect(await place.register.requests.start(id, 'main', () => 'bag', 'scanner')).toBe(0);
  });
});

describe('refresh', () => {
  it('changes nothing where nothing is new', async () => {
    const files = [
      newFile('Fileset:1', 'a'),
      newFile('Fileset:1', 'b', skipped('MISSING')),
      newFile('Fileset:2', 'c', { originalFileId: 5n }),
    ];
    const id = await create(files);
    await place.register.requests.approve(id, 'boss');
    expect(await place.register.requests.refresh(id, closure([newImage(1n, 'Fileset:1')], files), 'scanner')).toBe(0);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Approved', files: 1, skipped: 2 });
  });

  it('of an approved request that grew requires a new decision', async () => {
    const id = await create([newFile('Fileset:1', 'a')]);
    await place.register.requests.approve(id, 'boss');
    const grown = closure(
      [newImage(1n, 'Fileset:1'), newImage(2n, 'Fileset:1', false)],
      [newFile('Fileset:1', 'a'), newFile('Fileset:1', 'b')],
    );
    expect(await place.register.requests.refresh(id, grown, 'scanner')).toBe(2);
    expect(await place.register.requests.get(id)).toMatchObject({
      state: 'New',
      decidedBy: null,
      files: 2,
      images: 2,
      markedImages: 1,
    });
    expect((await place.register.reports.events({ requestId: id }))[0]).toMatchObject({
      what: 'reopen',
      code: 'CLOSURE_GREW',
      from: 'Approved',
      to: 'New',
    });
    expect(await place.register.requests.start(id, 'main', () => 'bag', 'scanner')).toBe(0);
  });

  it('sets a fileset aside that grew by a file that cannot be taken', async () => {
    const id = await create([newFile('Fileset:1', 'a')]);
    await place.register.requests.refresh(id, closure([], [newFile('Fileset:1', 'b', skipped('MISSING'))]), 'scanner');
    expect(await verdicts(id)).toEqual({ a: 'FILESET_INCOMPLETE', b: 'MISSING' });
  });

  it('leaves a running request alone', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n] });
    expect(await place.register.requests.refresh(id, closure([], [newFile('Fileset:1', 'new')]), 'scanner')).toBe(0);
    expect((await place.register.requests.get(id))?.files).toBe(1);
  });
});

describe('start', () => {
  it('packs bags of whole filesets and is safe to repeat', async () => {
    const id = await running(place.register, {
      'Fileset:1': Array<bigint>(200).fill(1n),
      'Fileset:2': Array<bigint>(100).fill(1n),
      'Fileset:3': [2n << 30n],
    });
    const { rows } = await place.sql.query(
      `SELECT b.name, b.files, b.bytes, b.state, array_agg(DISTINCT f.fileset) AS filesets FROM bag b JOIN file f ON f.bag_id = b.id GROUP BY b.id ORDER BY b.id`,
    );
    expect(rows.map((row) => [row.name, row.files, BigInt(row.bytes), row.state, row.filesets])).toEqual([
      [`r${id}-1`, 200, 200n, 'approved', ['Fileset:1']],
      [`r${id}-2`, 100, 100n, 'approved', ['Fileset:2']],
      [`r${id}-3`, 1, 2n << 30n, 'approved', ['Fileset:3']],
    ]);
    expect(await place.register.requests.start(id, 'main', () => 'again', 'scanner')).toBe(0);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Running', files: 301 });
    expect(await place.register.requests.inState('Running')).toEqual([id]);
  });

  it('is done by one of two that try at once', async () => {
    const id = await create([newFile('Fileset:1', 'a')]);
    await place.register.requests.approve(id, 'boss');
    const packed = await Promise.all(
      [1, 2, 3].map((nr) => place.register.requests.start(id, 'main', (bag) => `bag-${nr}-${bag}`, 'scanner')),
    );
    expect(packed.sort()).toEqual([0, 0, 1]);
  });

  it('leaves skipped files out and finishes a request that has nothing else', async () => {
    const id = await create([newFile('Fileset:1', 'a', skipped('MISSING'))]);
    await place.register.requests.approve(id, 'boss');
    expect(await place.register.requests.start(id, 'main', () => 'bag', 'scanner')).toBe(0);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Finished', files: 0, skipped: 1 });
    expect((await place.register.requests.requestsOf([1n])).size).toBe(0);
  });

  it('keeps the request approved when a bag cannot be made', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const {
      rows: [taken],
    } = await place.sql.query('SELECT name FROM bag');
    const id = await create([newFile('Fileset:2', 'z')]);
    await place.register.requests.approve(id, 'boss');
    await expect(place.register.requests.start(id, 'main', () => taken.name, 'scanner')).rejects.toMatchObject({
      code: '23505',
    });
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Approved' });
    expect(await statesOf(place.register, id)).toEqual(['registered']);
  });
});

it('lists requests by state and counts them from their files', async () => {
  const id = await create(
    [
      newFile('Fileset:1', 'a', { size: 5n }),
      newFile('Fileset:2', 'b', { size: 6n }),
      newFile('Fileset:3', 'c', skipped('MISSING')),
    ],
    [newImage(1n, 'Fileset:1'), newImage(2n, 'Fileset:2', false), newImage(3n, 'Fileset:3')],
  );
  expect(await place.register.requests.list({ states: ['New'] })).toEqual([
    {
      id,
      state: 'New',
      revision: 1,
      ownerId: 3n,
      groupId: 4n,
      requesterId: 3n,
      owner: 'ada',
      group: 'Lab',
      requester: 'ada',
      createdAt: expect.any(Date),
      decidedBy: null,
      reason: null,
      images: 3,
      markedImages: 2,
      filesets: 3,
      files: 2,
      bytes: 11n,
      skipped: 1,
      stuck: 0,
      linked: 0,
      store: null,
      policyTitle: null,
      objectionsUntil: null,
    },
  ]);
  expect(await place.register.requests.list({ states: ['Running'] })).toEqual([]);
  expect(await place.register.requests.list()).toHaveLength(1);
  expect(await place.register.requests.markedImages(id)).toEqual([1n, 3n]);
  expect(await place.register.requests.get(99n)).toBeUndefined();
});
