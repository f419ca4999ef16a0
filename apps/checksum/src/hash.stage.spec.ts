import { createHash } from 'node:crypto';
import { appendFile, rename, rm, symlink, utimes } from 'node:fs/promises';
import { codeOf, type Store } from '@coldroom/domain';
import { markerName, writeMarker } from '@coldroom/files';
import { Workbench } from '@coldroom/pipeline/testing';
import { HashStage } from './hash.stage';

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** What OMERO writes for the three bytes `abc`: from OME's own unit tests. */
const ofAbc = {
  'SHA1-160': 'a9993e364706816aba3e25717850c26c9cd0d89d',
  'MD5-128': '900150983cd24fb0d6963f7d28e17f72',
  'Adler-32': '27014d02',
  'CRC-32': 'c2412435',
  'Murmur3-32': 'fa93ddb3',
  'Murmur3-128': '6778ad3f3f3f96b4522dca264174a23b',
  'File-Size-64': '0300000000000000',
} as const;

describe('the hash stage', () => {
  let bench: Workbench;
  let stage: HashStage;

  beforeAll(async () => {
    bench = await Workbench.create('hash');
    stage = new HashStage(bench.files, bench.originals, bench.stores);
  });
  afterAll(() => bench.close());

  test.each([undefined, 'SHA1-160', 'MD5-128'] as const)(
    "the digest that the store compares copies by is computed too, beside OMERO's %s",
    async (algorithm) => {
      const path = `wanted/${algorithm}`;
      await bench.request({
        [path]: [{ path, content: 'abc', ...(algorithm ? { omeroHash: { algorithm, value: ofAbc[algorithm] } } : {}) }],
      });
      const store = Object.create(bench.stores.default, { wantedDigests: { value: ['MD5-128'] } }) as Store;
      await bench.run(new HashStage(bench.files, bench.originals, { ...bench.stores, get: () => store }));
      expect((await bench.file(path)).digests).toEqual({
        'SHA-256': sha256('abc'),
        'MD5-128': ofAbc['MD5-128'],
        ...(algorithm ? { [algorithm]: ofAbc[algorithm] } : {}),
      });
    },
  );

  test('every algorithm of OMERO is computed and compared, in either case', async () => {
    const algorithms = Object.entries(ofAbc);
    await bench.request(
      Object.fromEntries(
        algorithms.flatMap(([algorithm, value]) => [
          [
            `Fileset:lower ${algorithm}`,
            [{ path: `algorithms/${algorithm}`, content: 'abc', omeroHash: { algorithm, value } }],
          ],
          [
            `Fileset:upper ${algorithm}`,
            [
              {
                path: `algorithms/upper ${algorithm}`,
                content: 'abc',
                omeroHash: { algorithm, value: value.toUpperCase() },
              },
            ],
          ],
        ]),
      ),
    );

    await bench.run(stage);

    for (const [algorithm, value] of algorithms) {
      for (const path of [`algorithms/${algorithm}`, `algorithms/upper ${algorithm}`]) {
        expect(await bench.file(path)).toMatchObject({
          state: 'hashed',
          code: null,
          digests: { 'SHA-256': sha256('abc'), [algorithm]: value },
        });
      }
    }
  });

  test('a file that OMERO did not import so is stuck, whatever the algorithm; the rest continues', async () => {
    const wrong = Object.entries(ofAbc).map(([algorithm, value]) => ({
      path: `rotten/${algorithm}`,
      content: 'abcd',
      omeroHash: { algorithm, value },
    }));
    await bench.request({
      'Fileset:rotten': [
        ...wrong,
        { path: 'rotten/sound', content: 'abc', omeroHash: { algorithm: 'MD5-128', value: ofAbc['MD5-128'] } },
      ],
    });

    await bench.run(stage);

    for (const {
      path,
      omeroHash: { algorithm, value },
    } of wrong) {
      const file = await bench.file(path);
      expect(file).toMatchObject({ state: 'stuck', stuckFrom: 'approved', code: 'HASH_DIFFERS' });
      expect(file.reason).toMatch(
        new RegExp(
          `OMERO recorded ${algorithm} ${value} at import, the file on disk has [0-9a-f]+: it is damaged or was changed`,
        ),
      );
    }
    expect(await bench.file('rotten/sound')).toMatchObject({ state: 'hashed' });
  });

  test('a file without a hash in OMERO is still hashed; an unknown algorithm is stuck', async () => {
    await bench.request({
      'Fileset:odd': [
        { path: 'odd/none', content: 'x' },
        { path: 'odd/empty', content: '' },
        { path: 'odd/sha512', content: 'x', omeroHash: { algorithm: 'SHA2-512', value: 'ff' } },
      ],
    });

    await bench.run(stage);

    expect(await bench.file('odd/none')).toMatchObject({ state: 'hashed', digests: { 'SHA-256': sha256('x') } });
    expect(await bench.file('odd/empty')).toMatchObject({ state: 'hashed', digests: { 'SHA-256': sha256('') } });
    expect(await bench.file('odd/sha512')).toMatchObject({
      state: 'stuck',
      code: 'HASH_ALGORITHM_UNKNOWN',
      reason: expect.stringContaining('"SHA2-512"'),
    });
  });

  test('a file that grew, was touched, replaced, removed or made a link since the scan is stuck', async () => {
    const names = ['grown', 'touched', 'replaced', 'removed', 'linked', 'same'];
    await bench.request({ 'Fileset:changed': names.map((name) => ({ path: `changed/${name}`, content: 'before' })) });
    const at = (name: string): string => bench.at(`changed/${name}`).toString();
    await appendFile(at('grown'), '!');
    await utimes(at('touched'), 1, 1);
    await rename(at('replaced'), `${bench.dataDir}/elsewhere`);
    await bench.request({ 'Fileset:other': [{ path: 'changed/other', content: 'before' }] });
    await rename(at('other'), at('replaced'));
    await rm(at('removed'));
    await rm(at('linked'));
    await symlink(at('same'), at('linked'));

    await bench.run(stage);

    for (const name of ['grown', 'touched', 'replaced']) {
      expect([name, await bench.file(`changed/${name}`)]).toMatchObject([
        name,
        { state: 'stuck', code: 'SOURCE_CHANGED', reason: expect.stringContaining(`changed/${name}`) },
      ]);
    }
    expect(await bench.file('changed/removed')).toMatchObject({
      state: 'stuck',
      code: 'SOURCE_MISSING',
      reason: expect.stringContaining('changed/removed'),
    });
    expect(await bench.file('changed/linked')).toMatchObject({
      state: 'stuck',
      code: 'NOT_A_REGULAR_FILE',
      reason: expect.stringContaining('symbolic link'),
    });
    expect(await bench.file('changed/same')).toMatchObject({ state: 'hashed' });
    await bench.run(stage);
  });

  test('an unmounted root, or another disk in its place, proves nothing about files: none advances', async () => {
    await bench.request({ 'Fileset:away': [{ path: '7', content: 'pixels', root: 'Pixels' }] });
    const marker = `${bench.originals.directory('Pixels')}/${markerName}`;
    await bench.originals.root('Pixels');
    await rename(marker, `${marker}.away`);

    const error = await bench.run(stage).catch((thrown: unknown) => thrown);

    expect(codeOf(error)).toBe('ROOT_UNAVAILABLE');
    expect((error as Error).message).toContain(bench.originals.directory('Pixels'));
    expect(await bench.file('7')).toMatchObject({ state: 'approved' });
    await writeMarker(bench.originals.directory('Pixels'), 'Pixels');
    await expect(bench.run(stage)).rejects.toThrow('it is another disk than before');
    expect(await bench.file('7')).toMatchObject({ state: 'approved' });
    await rename(`${marker}.away`, marker);
    await bench.run(stage);
    expect(await bench.file('7')).toMatchObject({ state: 'hashed' });
  });
});
