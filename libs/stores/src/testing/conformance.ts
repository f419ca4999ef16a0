import {
  copyPath,
  type CopyDigest,
  type FetchOrder,
  type Identity,
  type Outcome,
  type Source,
  type Store,
  type Work,
} from '@coldroom/domain';
import { identityOf, writeMarker } from '@coldroom/files';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribedFile } from '@coldroom/bagit';
import { readBag, tagFiles } from '@coldroom/bagit';

/**
 * A new, empty store and a marked root (`ManagedRepository`) to copy from. Situations that a kind cannot be put into
 * are left out; their tests are reported as skipped.
 */
export interface StoreUnderTest {
  readonly store: Store;
  readonly sourceDir: string;
  /** Makes the store unreachable, like an unmounted disk or a dead server. */
  readonly becomeUnavailable?: () => Promise<void>;
  /** Leaves room for less than 1 MB. */
  readonly fill?: () => Promise<void>;
  readonly makeReadOnly?: () => Promise<void>;
  /** Times of its file system are kept in this unit: a change within it may go unseen. */
  readonly timeUnitMs?: number;
  /** Names that its file system cannot hold: they are refused one by one (`NAME_NOT_KEPT`). */
  readonly cannotHold?: (name: Buffer) => boolean;
  /** Throws if `sha256sum -c` fails in a sealed bag, or in a copy of it that the store's own tools made. */
  readonly proveBag?: (bag: string) => void | Promise<void>;
  readonly cleanup: () => Promise<void>;
}

export function work(part: Partial<Work> = {}): Work {
  return {
    signal: new AbortController().signal,
    deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
    progress: () => undefined,
    ...part,
  };
}

const oddNames = [
  Buffer.from('with spaces .tif'),
  Buffer.from('new\nline'),
  Buffer.from('carriage\r'),
  Buffer.from('back\\slash'),
  Buffer.from('100%25.tif'),
  Buffer.from('50% glycerol'),
  Buffer.from('#1 [a]{b}~^`|<">'),
  Buffer.from('next\u0085line'),
  Buffer.from('-rf'),
  Buffer.from('*'),
  Buffer.from('~'),
  Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x74]),
  Buffer.from('y'.repeat(255)),
  Buffer.from('e\u0301-\u00e9 日本'),
  Buffer.from('.hidden'),
  Buffer.from('..x'),
];

/** The guarantees of `Store`, one test each. Every kind of store must pass; `reason` states why a setup is not run. */
export function describeStore(name: string, makeStore: () => Promise<StoreUnderTest>, reason?: string): void {
  (reason ? describe.skip : describe)(`the store ${name}${reason ? ` (not run: ${reason})` : ''}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      under = await makeStore();
      store = under.store;
    });
    afterEach(() => under.cleanup());

    const heldNames = (): readonly Buffer[] => oddNames.filter((name) => !under.cannotHold?.(name));
    const at = (path: Buffer): Buffer => Buffer.concat([Buffer.from(`${under.sourceDir}/`), path]);
    const identity = (path: Buffer): Identity => identityOf(lstatSync(at(path), { bigint: true }));
    const key = (path: Buffer): Buffer => copyPath({ root: 'ManagedRepository', path });
    const source = (path: Buffer): Source => ({
      root: under.sourceDir,
      path,
      copyPath: key(path),
      identity: identity(path),
    });

    function write(
      path: string | Buffer,
      content: string | Buffer = `content of ${path.toString('latin1' as never)}`,
    ): Buffer {
      const bytes = Buffer.from(path as string);
      mkdirSync(dirname(at(bytes).toString('utf8')), { recursive: true });
      writeFileSync(at(bytes), content);
      return bytes;
    }

    const put = (bag: string, ...paths: Buffer[]): ReturnType<Store['put']> =>
      store.put(bag, paths.map(source), work());
    const seal = async (bag: string, ...paths: Buffer[]): Promise<void> =>
      store.seal(bag, paths.map(key), await tagsFor(bag, paths), work());
    const digest = (bag: string, ...paths: Buffer[]): Promise<readonly Outcome<CopyDigest>[]> =>
      store.digest(bag, paths.map(key), ['SHA-256', 'SHA1-160', ...store.wantedDigests], work());
    const stat = (bag: string, ...paths: Buffer[]): ReturnType<Store['stat']> => store.stat(bag, paths.map(key));
    const words = (outcomes: readonly Outcome<unknown>[]): string[] =>
      outcomes.map((outcome) => ('ok' in outcome ? 'ok' : `${outcome.error.kind} ${outcome.error.code}`));

    async function tagsFor(bag: string, paths: readonly Buffer[]): ReturnType<typeof describeFiles> {
      return describeFiles(bag, paths, await digest(bag, ...paths));
    }

    async function describeFiles(
      bag: string,
      paths: readonly Buffer[],
      digests: readonly Outcome<CopyDigest>[],
    ): Promise<ReturnType<typeof tagFiles>> {
      const files = paths.map((path, index): DescribedFile => {
        const outcome = digests[index]!;
        return {
          copyPath: key(path),
          root: 'ManagedRepository',
          path,
          fileset: 'Fileset:1',
          originalFileId: BigInt(index),
          pixelsId: null,
          imageIds: [1n],
          owner: 'alice',
          group: 'lab',
          identity: identity(path),
          omeroHash: null,
          digests: 'ok' in outcome ? outcome.ok.digests : { 'SHA-256': '0'.repeat(64) },
        };
      });
      return tagFiles({ bag, date: new Date(0), files });
    }

    async function expectContent(bag: string, path: Buffer, content: string | Buffer): Promise<void> {
      const [outcome] = await digest(bag, path);
      expect(outcome).toMatchObject({
        ok: {
          digests: { 'SHA-256': createHash('sha256').update(content).digest('hex') },
          size: BigInt(Buffer.byteLength(content)),
        },
      });
    }

    it('can be used', async () => {
      await store.check('write');
      await store.check('write');
    });

    it('gives back what was put, in the order asked', async () => {
      const paths = [
        write('a/b/one', '1'),
        write('a/two', '22'),
        write('zero', ''),
        write('large', randomBytes(9_000_001)),
      ];
      expect(await put('bag-1', ...paths)).toEqual([1n, 2n, 0n, 9_000_001n].map((size) => ({ ok: { size } })));
      expect((await digest('bag-1', ...paths)).map((outcome) => 'ok' in outcome && outcome.ok.size)).toEqual([
        1n,
        2n,
        0n,
        9_000_001n,
      ]);
      await expectContent('bag-1', paths[1]!, '22');
      await expectContent('bag-1', paths[2]!, '');
    });

    it('holds every name that Linux can, and proves it by sha256sum', async () => {
      const all = oddNames.map((odd) => write(odd));
      expect(words(await put('bag-1', ...all))).toEqual(
        all.map((path) => (under.cannotHold?.(path) ? 'refused NAME_NOT_KEPT' : 'ok')),
      );
      const paths = all.filter((path) => !under.cannotHold?.(path));
      await seal('bag-1', ...paths);
      expect((await stat('bag-1', ...paths)).map((status) => status?.durable)).not.toContain(undefined);
      expect(words(await digest('bag-1', ...paths))).toEqual(paths.map(() => 'ok'));
      await under.proveBag?.('bag-1');
    });

    it('takes the same put again', async () => {
      const path = write('file', 'right');
      await put('bag-1', path);
      expect(words(await put('bag-1', path))).toEqual(['ok']);
      await expectContent('bag-1', path, 'right');
    });

    it('replaces an unproven copy, and gives the new one another version', async () => {
      const path = write('file', 'wrong');
      await put('bag-1', path);
      const [before] = await stat('bag-1', path);
      await sleep(under.timeUnitMs ?? 0);
      write('file', 'right');
      await put('bag-1', path);
      await expectContent('bag-1', path, 'right');
      expect((await stat('bag-1', path))[0]?.version).not.toBe(before?.version);
    });

    it('refuses single sources that changed, vanished or are no files', async () => {
      const paths = ['good', 'changed', 'gone', 'linked'].map((each) => write(each));
      const sources = paths.map(source);
      appendFileSync(at(paths[1]!), 'more');
      for (const gone of [paths[2]!, paths[3]!]) rmSync(at(gone));
      symlinkSync('good', at(paths[3]!));
      expect(words(await store.put('bag-1', sources, work()))).toEqual([
        'ok',
        'refused SOURCE_CHANGED',
        'refused SOURCE_MISSING',
        'refused NOT_A_REGULAR_FILE',
      ]);
      expect((await stat('bag-1', ...paths)).map((status) => status !== undefined)).toEqual([
        true,
        false,
        false,
        false,
      ]);
    });

    it.each(['', '.', '..', '.open', 'a/b', '../x', '-x', 'a\nb', 'x'.repeat(256)])(
      'refuses %j for the name of a bag',
      async (bag) => {
        const path = write('file');
        await expect(put(bag, path)).rejects.toMatchObject({ kind: 'refused', code: 'BAG_NAME_NOT_ALLOWED' });
        await expect(stat(bag, path)).rejects.toMatchObject({ kind: 'refused' });
      },
    );

    it.each(['../x', '/x', 'a/../../x', 'a//x', ''])('refuses %j for the path of a copy', async (odd) => {
      const path = write('file');
      const outcomes = await store.put(
        'bag-1',
        [{ ...source(path), copyPath: Buffer.from(odd) }, source(path)],
        work(),
      );
      expect(words(outcomes)).toEqual(['refused PATH_NOT_ALLOWED', 'ok']);
    });

    it('refuses a copy that no link could name', async () => {
      const path = write('file');
      const long = Buffer.from(Array(20).fill('x'.repeat(250)).join('/'));
      expect(words(await store.put('bag-1', [{ ...source(path), copyPath: long }, source(path)], work()))).toEqual([
        'refused PATH_TOO_LONG',
        'ok',
      ]);
      const nothing = { longest: new Map(), notKept: new Map() };
      expect(store.refusalOf(long, nothing)).toMatchObject({ kind: 'refused', code: 'PATH_TOO_LONG' });
      expect(store.refusalOf(path, nothing)).toBeUndefined();
    });

    it('knows nothing of what was never put', async () => {
      const path = write('file');
      expect(await stat('bag-1', path)).toEqual([undefined]);
      expect(words(await digest('bag-1', path))).toEqual(['refused COPY_MISSING']);
      await put('bag-1', path);
      const other = write('other/below');
      expect(await stat('bag-1', other, path)).toEqual([undefined, expect.objectContaining({ durable: 'no' })]);
      expect(words(await digest('bag-1', other, path))).toEqual(['refused COPY_MISSING', 'ok']);
    });

    it("keeps a copy's version through sealing", async () => {
      const paths = [write('a/one'), write('two')];
      await put('bag-1', ...paths);
      const proven = (await digest('bag-1', ...paths)).map((outcome) => 'ok' in outcome && outcome.ok.version);
      expect((await stat('bag-1', ...paths)).map((status) => status?.version)).toEqual(proven);
      await seal('bag-1', ...paths);
      expect((await stat('bag-1', ...paths)).map((status) => status?.version)).toEqual(proven);
      expect((await digest('bag-1', ...paths)).map((outcome) => 'ok' in outcome && outcome.ok.version)).toEqual(proven);
    });

    it('drops from a bag what it is not told to keep', async () => {
      const [kept, dropped] = [write('a/kept'), write('a/dropped')];
      await put('bag-1', kept, dropped);
      await seal('bag-1', kept);
      expect((await stat('bag-1', kept, dropped)).map((status) => status !== undefined)).toEqual([true, false]);
      await under.proveBag?.('bag-1');
    });

    it('never changes a sealed bag', async () => {
      const [path, late] = [write('file', 'right'), write('late')];
      await put('bag-1', path);
      expect(await store.isSealed('bag-1')).toBe(false);
      await seal('bag-1', path);
      expect(await store.isSealed('bag-1')).toBe(true);
      await expect(put('bag-1', late)).rejects.toMatchObject({ kind: 'refused', code: 'BAG_SEALED' });
      await expect(put('bag-1', path)).rejects.toMatchObject({ code: 'BAG_SEALED' });
      await expectContent('bag-1', path, 'right');
    });

    it('takes the same seal again, and refuses another', async () => {
      const paths = [write('one'), write('two')];
      await put('bag-1', ...paths);
      const tags = await tagsFor('bag-1', paths);
      await store.seal('bag-1', paths.map(key), tags, work());
      await store.seal('bag-1', paths.map(key), tags, work());
      await expect(store.seal('bag-1', paths.map(key), tags.slice(1), work())).rejects.toMatchObject({
        kind: 'refused',
        code: 'BAG_SEALED',
      });
      expect((await stat('bag-1', ...paths)).map((status) => status?.durable)).toEqual(['yes', 'yes']);
    });

    it('leaves a bag open that lacks a copy', async () => {
      const [path, late] = [write('file'), write('late')];
      await put('bag-1', path);
      await expect(seal('bag-1', path, late)).rejects.toMatchObject({ kind: 'refused', code: 'COPY_MISSING' });
      expect((await stat('bag-1', path))[0]?.durable).toBe('no');
      expect(words(await put('bag-1', late))).toEqual(['ok']);
      await seal('bag-1', path, late);
    });

    it('says of its copies whether they are durable and writable', async () => {
      const path = write('a/file');
      await put('bag-1', path);
      expect(await stat('bag-1', path)).toEqual([
        expect.objectContaining({ durable: 'no', writable: 'yes', size: identity(path).size }),
      ]);
      await seal('bag-1', path);
      expect(await stat('bag-1', path)).toEqual([
        expect.objectContaining({ durable: 'yes', writable: 'no', size: identity(path).size }),
      ]);
    });

    it('names an absolute place for links, without touching anything', () => {
      const target = store.linkTarget('bag-1', Buffer.from([0x61, 0xff]));
      expect(target[0]).toBe(0x2f);
      expect(target.subarray(-2)).toEqual(Buffer.from([0x61, 0xff]));
    });

    it('changes nothing once the claim has run out', async () => {
      const path = write('file');
      const late = work({ deadline: new BigInt64Array(new SharedArrayBuffer(8)) });
      await expect(store.put('bag-1', [source(path)], late)).rejects.toMatchObject({ code: 'CLAIM_LOST' });
      expect(await stat('bag-1', path)).toEqual([undefined]);
      await put('bag-1', path);
      await expect(store.seal('bag-1', [key(path)], [], late)).rejects.toMatchObject({ code: 'CLAIM_LOST' });
      expect((await stat('bag-1', path))[0]?.durable).toBe('no');
    });

    it('says from each verb that it is unavailable', async () => {
      if (!under.becomeUnavailable) return skipped('it cannot be taken away');
      const path = write('file');
      await put('bag-1', path);
      await under.becomeUnavailable();
      const away = { kind: 'transient', code: 'STORE_UNAVAILABLE' };
      await expect(store.check('write')).rejects.toMatchObject(away);
      await expect(put('bag-1', path)).rejects.toMatchObject(away);
      await expect(digest('bag-1', path)).rejects.toMatchObject(away);
      await expect(store.seal('bag-1', [key(path)], [], work())).rejects.toMatchObject(away);
      await expect(stat('bag-1', path)).rejects.toMatchObject(away);
      await expect(store.isSealed('bag-1')).rejects.toMatchObject(away);
    });

    it('says that it is full, and takes smaller things still', async () => {
      if (!under.fill) return skipped('it cannot be filled');
      const [large, small] = [write('large', randomBytes(1_500_000)), write('small')];
      await under.fill();
      await expect(put('bag-1', small, large)).rejects.toMatchObject({ kind: 'transient', code: 'STORE_FULL' });
      expect(await stat('bag-1', small)).toEqual([undefined]);
      expect(words(await put('bag-1', small))).toEqual(['ok']);
    });

    it('says that it is read-only', async () => {
      if (!under.makeReadOnly) return skipped('it cannot be made read-only');
      const path = write('file');
      await put('bag-1', path);
      await under.makeReadOnly();
      await expect(put('bag-1', write('other'))).rejects.toMatchObject({ kind: 'transient', code: 'STORE_READ_ONLY' });
      await expect(store.check('write')).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      await expect(store.check('read')).resolves.toBeUndefined();
      await expect(seal('bag-1', path)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      expect(words(await digest('bag-1', path))).toEqual(['ok']);
    });

    describe('being retrieved', () => {
      let target: string;
      beforeEach(async () => {
        target = mkdtempSync(join(tmpdir(), 'coldroom-target-'));
        await writeMarker(target, 'staging');
      });
      afterEach(() => rmSync(target, { recursive: true }));

      const order = (path: Buffer, size = identity(path).size, place = path): FetchOrder => ({
        path: key(path),
        size,
        target: { root: target, path: Buffer.concat([Buffer.from('new/'), place]) },
      });
      const fetched = (path: Buffer): Buffer => readFileSync(Buffer.concat([Buffer.from(`${target}/new/`), path]));

      async function sealedAndOnline(...paths: Buffer[]): Promise<void> {
        await put('bag-1', ...paths);
        await seal('bag-1', ...paths);
        for (let tries = 0; tries < 100; tries++) {
          const answers = await store.bringOnline('bag-1', paths.map(key), work());
          if (answers.every((each) => 'ok' in each && each.ok.online)) return;
          await sleep(50);
        }
        throw new Error('it never became online');
      }

      it('fetches what was put, whatever its name', async () => {
        const paths = [
          write('a/b/one', '1'),
          write('zero', ''),
          write('large', randomBytes(9_000_001)),
          ...heldNames().map((odd) => write(odd)),
        ];
        await sealedAndOnline(...paths);
        expect(
          words(
            await store.fetch(
              'bag-1',
              paths.map((path) => order(path)),
              work(),
            ),
          ),
        ).toEqual(paths.map(() => 'ok'));
        for (const path of paths) expect(fetched(path).equals(readFileSync(at(path)))).toBe(true);
      });

      it('replaces what an earlier try left, and nothing that is no file', async () => {
        const [path, other] = [write('file', 'right'), write('other')];
        await sealedAndOnline(path, other);
        mkdirSync(join(target, 'new'));
        writeFileSync(join(target, 'new/file'), 'left behind');
        symlinkSync('/etc/passwd', join(target, 'new/other'));
        expect(words(await store.fetch('bag-1', [order(path), order(other)], work()))).toEqual([
          'ok',
          'refused TARGET_EXISTS',
        ]);
        expect(fetched(path).toString()).toBe('right');
      });

      it('refuses single copies of another size, or that are not there', async () => {
        const [path, late] = [write('file'), write('late')];
        await sealedAndOnline(path);
        expect(
          words(await store.fetch('bag-1', [order(path, 3n, Buffer.from('x')), order(late), order(path)], work())),
        ).toEqual(['refused COPY_SIZE', 'refused COPY_MISSING', 'ok']);
        expect(words(await store.bringOnline('bag-1', [late, path].map(key), work()))).toEqual([
          'refused COPY_MISSING',
          'ok',
        ]);
        expect(readdirSync(join(target, 'new'))).toEqual(['file']);
      });

      it('fetches nothing from an open bag, and nothing to an unmarked place', async () => {
        const path = write('file');
        await put('bag-1', path);
        expect(words(await store.fetch('bag-1', [order(path)], work()))).toEqual(['refused COPY_MISSING']);
        await seal('bag-1', path);
        rmSync(join(target, '.coldroom-root'));
        await expect(store.fetch('bag-1', [order(path)], work())).rejects.toMatchObject({
          kind: 'transient',
          code: 'ROOT_UNAVAILABLE',
        });
        expect(readdirSync(target)).toEqual([]);
      });

      it('lists sealed bags, what is in them, and gives back their tag files', async () => {
        const paths = heldNames().map((odd) => write(odd));
        await put('bag-1', ...paths);
        await put('bag-2', paths[0]!);
        const tags = await tagsFor('bag-1', paths);
        await store.seal('bag-1', paths.map(key), tags, work());
        const bags: string[] = [];
        for await (const bag of store.bags()) bags.push(bag);
        expect(bags).toEqual(['bag-1']);
        const listed = (await store.list('bag-1')).map(({ path, size }) => `${path.toString('hex')} ${size}`);
        expect(listed.sort()).toEqual(
          paths.map((path) => `${key(path).toString('hex')} ${identity(path).size}`).sort(),
        );
        // A store that has other names than the files had lists those; they lead back to the same files.
        const given = new Map(tags.map(({ name, content }) => [name, content]));
        const readTag = async (_bag: string, name: string): Promise<Buffer | undefined> => given.get(name);
        expect((await readBag(store, 'bag-1')).files).toEqual((await readBag({ readTag }, 'bag-1')).files);
        expect(await store.readTag('bag-1', 'omero.jsonl')).toEqual(given.get('omero.jsonl'));
        expect(await store.readTag('bag-1', 'none.txt')).toBeUndefined();
      });
    });

    it('may be closed twice', async () => {
      await store.close();
      await store.close();
    });
  });

  function skipped(why: string): void {
    console.warn(`${name}: not tested, ${why}`);
  }
}
