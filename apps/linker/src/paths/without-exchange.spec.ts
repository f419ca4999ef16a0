import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { CrashPoint } from '@coldroom/domain';
import { describeOddFs, noExchange, OddFs } from '@coldroom/odd-fs';
import type { Stage } from '@coldroom/pipeline';
import { Archive } from '../testing/archive';

/* NFS and SMB cannot exchange two names: what is put in place is renamed over what is there. */

const names = ['a', 'b'];

describeOddFs('a linker that dies where names cannot be exchanged', () => {
  let archive: Archive;
  let fs: OddFs;
  beforeAll(async () => {
    const mount = (on: string): (() => void) => {
      fs = OddFs.mount(on);
      return () => fs.remove();
    };
    archive = await Archive.create('without_exchange', { mount });
  });
  beforeEach(() => fs.set({ faults: noExchange, hideRemoved: true }));
  afterAll(() => archive.close());

  const at = (path: string): string => archive.bench.at(path).toString();
  const files = (fileset: string): Readonly<Record<string, { path: string; content: string }[]>> => ({
    [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
  });
  const expectWhole = (fileset: string): void =>
    expect(names.map((name) => readFileSync(at(`${fileset}/${name}`), 'utf8'))).toEqual(
      names.map((name) => `content of ${name}`),
    );
  const isLink = (fileset: string): boolean[] =>
    names.map((name) => lstatSync(at(`${fileset}/${name}`)).isSymbolicLink());
  const state = async (fileset: string): Promise<string[]> =>
    Promise.all(names.map(async (name) => (await archive.bench.file(`${fileset}/${name}`)).state));

  /** Killed at a step, and followed by one that completes the work: the paths are whole at both times. */
  async function killedAt(stage: Stage, at: CrashPoint, fileset: string): Promise<void> {
    await archive.killed(stage, at);
    expectWhole(fileset);
    await archive.all(stage);
    expectWhole(fileset);
    expect(readdirSync(archive.bench.at(fileset)).sort()).toEqual(names);
  }

  test.each<CrashPoint>(['link:1-held', 'link:2-hold-synced', 'link:3-link-made', 'link:4-swapped', 'link:5-synced'])(
    'at %s: the next one links, and the originals are held',
    async (crashPoint) => {
      await archive.bench.request(files(crashPoint));
      await archive.bench.bring('sealed');
      const inodes = names.map((name) => lstatSync(at(`${crashPoint}/${name}`)).ino);
      await killedAt(archive.link, crashPoint, crashPoint);
      expect([isLink(crashPoint), await state(crashPoint)]).toEqual([
        [true, true],
        ['linked', 'linked'],
      ]);
      const held = await Promise.all(
        names.map(async (name) => {
          const { bag, id } = await archive.bench.file(`${crashPoint}/${name}`);
          return lstatSync(join(archive.bench.holdDir, bag as string, String(id))).ino;
        }),
      );
      expect(held).toEqual(inodes);
      expect(fs.done().filter((call) => call.startsWith('exchange'))).toHaveLength(2);
    },
  );

  test.each<CrashPoint>(['undo:1-swapped', 'undo:2-synced'])(
    'at %s: the next one gives back, and nothing is left in the hold directory',
    async (crashPoint) => {
      const { id } = await archive.of(files(crashPoint), { held: true });
      await archive.bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
      await killedAt(archive.undo, crashPoint, crashPoint);
      expect([isLink(crashPoint), await state(crashPoint)]).toEqual([
        [false, false],
        ['undone', 'undone'],
      ]);
      expect((await archive.inHold()).filter((name) => name.startsWith(`request-${id}-`))).toEqual([]);
    },
  );

  test.each<CrashPoint>(['release:1-removed', 'release:2-synced'])(
    'at %s: the next one frees the space',
    async (crashPoint) => {
      const { id } = await archive.of(files(crashPoint), { held: true });
      await killedAt(archive.release(), crashPoint, crashPoint);
      expect([isLink(crashPoint), await state(crashPoint)]).toEqual([
        [true, true],
        ['released', 'released'],
      ]);
      expect((await archive.inHold()).filter((name) => name.startsWith(`request-${id}-`))).toEqual([]);
    },
  );

  test.each<[CrashPoint, { held: boolean }]>([
    ['place:1-swapped', { held: false }],
    ['place:2-tidied', { held: false }],
    ['place:3-synced', { held: false }],
    ['place:1-swapped', { held: true }],
    ['undo:1-swapped', { held: true }],
  ])('at %s, with %j: the next one puts restored files in place', async (crashPoint, held) => {
    const fileset = `${crashPoint} ${held.held}`;
    const { id } = await archive.of(files(fileset), held);
    if (held.held) {
      // A restore fetches although all is held only after a cancelled one.
      await archive.bench.ask(id, 'recall');
      await archive.bench.register.retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
    }
    await archive.bench.ask(id);
    await archive.proven();
    await killedAt(archive.place, crashPoint, fileset);
    expect([isLink(fileset), await state(fileset)]).toEqual([
      [false, false],
      ['restored', 'restored'],
    ]);
    expect((await archive.inHold()).filter((name) => name.startsWith(`request-${id}-`))).toEqual([]);
  });

  test.each<CrashPoint>(['move-link:1-link-made', 'move-link:2-swapped', 'move-link:3-tidied', 'move-link:4-synced'])(
    'at %s: the next one leads all links to the other store',
    async (crashPoint) => {
      const { id } = await archive.of(files(crashPoint), { held: true });
      await archive.bench.move(id, 'moveSealed');
      await killedAt(archive.moveLink, crashPoint, crashPoint);
      for (const name of names)
        expect(readlinkSync(at(`${crashPoint}/${name}`))).toContain(`${archive.bench.otherDir}/`);
    },
  );
});
