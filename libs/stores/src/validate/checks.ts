import { openDirectory } from '@coldroom/files';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Bench, expectThat, NotTried, sha256 } from './bench';

export interface Check {
  readonly promise: string;
  readonly check: (bench: Bench) => Promise<void>;
}

const odd = [
  'with spaces .tif',
  'new\nline',
  'carriage\r',
  'back\\slash',
  '100%25.tif',
  '-rf',
  '*',
  '~',
  'e\u0301-\u00e9 日本',
  '.hidden',
  '..x',
  'y'.repeat(200),
].map((name) => Buffer.from(name));
odd.push(Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x74]));
const [small, empty, large, dropped] = ['small', 'empty', 'large', 'dropped'].map((name) => Buffer.from(name)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const kept = [small, empty, large, ...odd];
const megabytes = 5_000_001;

/**
 * The guarantees of `Store` as one run through the life of a bag, in order: each check finds what those before it left.
 * The conformance suite tests more guarantees against more faults; this tests those on a live store, with its server,
 * mount and rights, that can be tested without harm.
 */
export const checks: readonly Check[] = [
  { promise: 'it can be written', check: ({ store }) => store.check('write') },
  {
    promise: 'knows nothing of what was never put',
    check: async (bench) => {
      await bench.lay(small, Buffer.from('wrong'));
      expectThat(
        (await bench.store.stat(bench.bag, [bench.key(small)]))[0] === undefined,
        'it says that it has a copy of a file that nobody put there',
      );
      const [outcome] = await bench.digest(small);
      expectThat(
        outcome !== undefined && 'error' in outcome && outcome.error.code === 'COPY_MISSING',
        'reading a copy that was never put is not COPY_MISSING',
      );
    },
  },
  {
    promise: 'changes nothing once the claim has run out',
    check: async (bench) => {
      const code = await bench.refusal(bench.store.put(bench.bag, [await bench.source(small)], bench.lateWork));
      expectThat(code === 'CLAIM_LOST', `a put under a lost claim ended with ${code}, not CLAIM_LOST`);
      expectThat(
        (await bench.store.stat(bench.bag, [bench.key(small)]))[0] === undefined,
        'a put under a lost claim left a copy',
      );
    },
  },
  {
    promise: 'gives back at once what was put, byte for byte',
    check: async (bench) => {
      await bench.lay(empty, Buffer.alloc(0));
      await bench.lay(large, randomBytes(megabytes));
      await bench.lay(dropped, Buffer.from('dropped'));
      await bench.put(small, empty, large, dropped);
      await bench.expectContents(small, empty, large, dropped);
    },
  },
  {
    promise: 'replaces an unproven copy, and gives the new one another version',
    check: async (bench) => {
      const [before] = await bench.store.stat(bench.bag, [bench.key(small)]);
      await bench.lay(small, Buffer.from('right'));
      await bench.put(small);
      await bench.expectContents(small);
      expectThat(
        (await bench.store.stat(bench.bag, [bench.key(small)]))[0]?.version !== before?.version,
        'the version of a copy stayed the same when its content changed',
      );
    },
  },
  {
    promise: 'refuses a source that changed, and keeps no part of it',
    check: async (bench) => {
      const name = await bench.lay(Buffer.from('changing'), Buffer.from('as it was'));
      const source = await bench.source(name);
      await bench.lay(name, Buffer.from('as it is now'));
      const [outcome] = await bench.store.put(bench.bag, [source], bench.work);
      expectThat(
        outcome !== undefined && 'error' in outcome && outcome.error.code === 'SOURCE_CHANGED',
        'a source that changed after it was looked at was copied',
      );
      expectThat(
        (await bench.store.stat(bench.bag, [bench.key(name)]))[0] === undefined,
        'a refused source left a copy',
      );
    },
  },
  {
    promise: 'holds every name that Linux can',
    check: async (bench) => {
      for (const name of odd) await bench.lay(name, Buffer.concat([Buffer.from('content of '), name]));
      await bench.put(...odd);
      await bench.expectContents(...odd);
    },
  },
  {
    promise: 'does not seal once the claim has run out, nor a bag that lacks a copy',
    check: async (bench) => {
      const tags = await bench.tags(kept);
      const late = await bench.refusal(
        bench.store.seal(
          bench.bag,
          kept.map((name) => bench.key(name)),
          tags,
          bench.lateWork,
        ),
      );
      expectThat(late === 'CLAIM_LOST', `sealing under a lost claim ended with ${late}, not CLAIM_LOST`);
      const lacking = await bench.refusal(
        bench.store.seal(
          bench.bag,
          [...kept.map((name) => bench.key(name)), bench.key(Buffer.from('absent'))],
          tags,
          bench.work,
        ),
      );
      expectThat(lacking === 'COPY_MISSING', `sealing a bag that lacks a copy ended with ${lacking}, not COPY_MISSING`);
    },
  },
  {
    promise: 'seals twice as once, and keeps only what it is told to',
    check: async (bench) => {
      const versions = async (): Promise<string> =>
        (
          await bench.store.stat(
            bench.bag,
            kept.map((name) => bench.key(name)),
          )
        )
          .map((status) => status?.version)
          .join('\n');
      const before = await versions();
      const tags = await bench.tags(kept);
      for (let times = 0; times < 2; times += 1)
        await bench.store.seal(
          bench.bag,
          kept.map((name) => bench.key(name)),
          tags,
          bench.work,
        );
      expectThat(
        (await bench.store.stat(bench.bag, [bench.key(dropped)]))[0] === undefined,
        'a file that was not to be kept is still there',
      );
      expectThat((await versions()) === before, 'sealing gave copies other versions than they were proven with');
    },
  },
  {
    promise: 'never changes a sealed bag',
    check: async (bench) => {
      const put = await bench.refusal(bench.store.put(bench.bag, [await bench.source(dropped)], bench.work));
      expectThat(put === 'BAG_SEALED', `a put into a sealed bag ended with ${put}, not BAG_SEALED`);
      const seal = await bench.refusal(
        bench.store.seal(
          bench.bag,
          kept.map((name) => bench.key(name)),
          await bench.tags(kept, new Date(86_400_000)),
          bench.work,
        ),
      );
      expectThat(seal === 'BAG_SEALED', `sealing with other tag files ended with ${seal}, not BAG_SEALED`);
      await bench.expectContents(...kept);
    },
  },
  {
    promise: 'lists what it holds',
    check: async (bench) => {
      const listed = (await bench.store.list(bench.bag))
        .map(({ path, size }) => `${size} ${path.toString('latin1')}`)
        .sort();
      const wanted = kept
        .map((name) => `${bench.contents.get(name.toString('latin1'))!.length} ${bench.key(name).toString('latin1')}`)
        .sort();
      expectThat(
        listed.join('\n') === wanted.join('\n'),
        `${listed.length} files are listed that are not the ${wanted.length} that were sealed`,
      );
      for await (const bag of bench.store.bags()) if (bag === bench.bag) return;
      throw new Error('the sealed bag is not among its bags');
    },
  },
  {
    promise: 'gives tag files back as they were sealed',
    check: async (bench) => {
      for (const { name, content } of await bench.tags(kept)) {
        expectThat(
          (await bench.store.readTag(bench.bag, name))?.equals(content) === true,
          `${name} is not what was sealed`,
        );
      }
      expectThat(
        (await bench.store.readTag(bench.bag, 'none.txt')) === undefined,
        'it says that it has a tag file that nobody wrote',
      );
    },
  },
  {
    promise: 'calls its copies durable and protected',
    check: async (bench) => {
      const answers = await bench.store.stat(
        bench.bag,
        kept.map((name) => bench.key(name)),
      );
      const not = answers.find((status) => status?.durable !== 'yes');
      if (answers.every((status) => status !== undefined) && not)
        throw new NotTried(
          `not durable yet: the store says "${not.replicationState}"; archived files would wait for it`,
        );
      expectThat(!not, 'it lacks a copy that it sealed');
      const writable = answers.find((status) => status?.writable !== 'no');
      if (writable)
        throw new NotTried(
          `durable, but whether copies can be written through a link it says "${writable.writable}": pixels of OMERO 4 cannot be archived here`,
        );
    },
  },
  {
    promise: 'links lead to the copies',
    check: async (bench) => {
      if (bench.store.recallRoot !== undefined)
        throw new NotTried(`links lead to ${bench.store.recallRoot}, where copies are put when they are recalled`);
      for (const name of kept) {
        const read = await readFile(bench.store.linkTarget(bench.bag, bench.key(name)));
        expectThat(
          sha256(read) === sha256(bench.contents.get(name.toString('latin1'))!),
          'what a link would lead to is not the copy',
        );
      }
    },
  },
  {
    promise: 'copies can be fetched, and only as what they are',
    check: async (bench) => {
      const online = await bench.store.bringOnline(
        bench.bag,
        kept.map((name) => bench.key(name)),
        bench.work,
      );
      const away = online.find((outcome) => !('ok' in outcome) || !outcome.ok.online);
      if (away)
        throw new NotTried(
          'ok' in away
            ? `not online yet: the store says "${away.ok.state}"`
            : `offline: ${away.error.code}: ${away.error.message}`,
        );
      await fetchAll(bench);
    },
  },
];

async function fetchAll(bench: Bench): Promise<void> {
  const order = (name: Buffer, size: number): Parameters<typeof bench.store.fetch>[1][number] => ({
    path: bench.key(name),
    size: BigInt(size),
    target: { root: bench.targets.directory, path: Buffer.concat([Buffer.from('fetched/'), name]) },
  });
  const [wrong] = await bench.store.fetch(bench.bag, [order(small, 1)], bench.work);
  expectThat(
    wrong !== undefined && 'error' in wrong && wrong.error.code === 'COPY_SIZE',
    'a copy was given out as one of another size',
  );
  const outcomes = await bench.store.fetch(
    bench.bag,
    kept.map((name) => order(name, bench.contents.get(name.toString('latin1'))!.length)),
    bench.work,
  );
  const failed = outcomes.find((outcome) => 'error' in outcome);
  expectThat(
    failed === undefined,
    failed && 'error' in failed ? `fetching was refused: ${failed.error.code}: ${failed.error.message}` : '',
  );
  const directory = await openDirectory(bench.targets, Buffer.from('fetched'));
  try {
    for (const name of kept) {
      expectThat(
        sha256(await readFile(directory.at(name))) === sha256(bench.contents.get(name.toString('latin1'))!),
        'what was fetched is not what was put',
      );
    }
  } finally {
    await directory.close();
  }
}
