import { randomBytes } from 'node:crypto';
import { expectThat, type Check } from './bench';
import { dropped, empty, kept, large, odd, small } from './samples';

const megabytes = 5_000_001;

/** From a bag that does not exist to one that is sealed. */
export const openBagChecks: readonly Check[] = [
  { promise: 'it can be written', check: ({ store }) => store.check('write') },
  {
    promise: 'knows nothing of what was never put',
    check: async (bench) => {
      await bench.lay(small, Buffer.from('wrong'));
      expectThat(
        (await bench.store.stat(bench.bag, [bench.key(small)]))[0] === undefined,
        'it reports a copy of a file that was never put',
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
    promise: 'seals twice as once, and keeps only what it is asked to keep',
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
];
