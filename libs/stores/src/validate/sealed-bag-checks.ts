import { openDirectory } from '@coldroom/files';
import { readFile } from 'node:fs/promises';
import { expectThat, NotTried, sha256, type Bench, type Check } from './bench';
import { dropped, kept, small } from './samples';

/** What holds for a bag from its sealing on. */
export const sealedBagChecks: readonly Check[] = [
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
        'it reports a tag file that was never written',
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
    target: { root: bench.root.directory, path: Buffer.concat([Buffer.from('fetched/'), name]) },
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
  const directory = await openDirectory(bench.root, Buffer.from('fetched'));
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
