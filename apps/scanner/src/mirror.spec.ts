import type { FileEvent, FileState, WorkState } from '@coldroom/domain';
import type { TinyOmero } from '@coldroom/sample-omero';
import { Scene } from './testing/scene';

const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });
const asked = ['ARCHIVE NOTE', 'TO-ARCHIVE'];
const pending = ['ARCHIVE NOTE', 'ARCHIVE-PENDING'];
const archived = ['ARCHIVE NOTE', 'ARCHIVED'];

describe('the mirror', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.create('mirror');
  });
  afterAll(() => scene.close());

  async function requested(
    filesets: Parameters<Scene['add']>[0],
  ): Promise<{ readonly id: bigint; readonly tiny: TinyOmero }> {
    const tiny = await scene.add(filesets);
    const {
      requests: [made],
    } = await scene.scan.run('test');
    return { id: BigInt(made!.id), tiny };
  }

  const flagOf = async (imageId: number): Promise<boolean | null> =>
    (await scene.sql<{ archived: boolean | null }>('SELECT archived FROM image WHERE id = $1', [imageId]))[0]!.archived;
  const mirror = async (): Promise<number> => {
    let all = 0;
    for (let written = 1; written > 0; all += written) written = await scene.mirror.run();
    return all;
  };
  const events = async (): Promise<number> =>
    Number((await scene.sql<{ n: bigint }>('SELECT count(*) AS n FROM event'))[0]!.n);

  /** Advances all files of a running request through these states, as the services would. */
  async function move(id: bigint, ways: readonly (readonly [WorkState, FileEvent, FileState])[]): Promise<void> {
    for (const [from, event, to] of ways) {
      for (const due of await scene.register.claims.due([from])) {
        const claim = await scene.register.claims.claim(due.bagId, [from], 'test', 60_000);
        if (claim?.requestId === id)
          await scene.register.applyTransitions(
            claim,
            claim.files.map((file) => ({ id: file.id, event, from, to })),
            { stage: 'test', errorLimit: 1000 },
          );
        else if (claim) await scene.register.claims.releaseClaim(claim);
      }
    }
  }
  const untilLinked = [
    ['approved', 'hash', 'hashed'],
    ['hashed', 'copy', 'copied'],
    ['copied', 'verify', 'verified'],
    ['verified', 'seal', 'sealed'],
    ['sealed', 'link', 'linked'],
  ] as const;

  async function started(filesets: Parameters<Scene['add']>[0]): ReturnType<typeof requested> {
    const made = await requested(filesets);
    await mirror();
    await scene.register.requests.approve(made.id, 'boss');
    await scene.starter.run('test');
    return made;
  }

  test('every image of a request is pending, including included ones; a second run writes nothing', async () => {
    const { tiny } = await requested([single('a.lif', 2), single('b.tif')]);
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual(asked);
    expect(await mirror()).toBe(3);
    for (const id of tiny.imageIds) expect([id, await scene.marksOf(id)]).toEqual([id, pending]);
    const before = await events();
    expect([await mirror(), await events()]).toEqual([0, before]);
  });

  test('killed between the marks and their record: repeating it is harmless', async () => {
    const { tiny } = await requested([single('killed.tif')]);
    const marks = await scene.register.marks.pending();
    await scene.omero.setPending(
      marks.map((mark) => ({
        imageId: mark.imageId,
        groupId: mark.groupId,
        requester: { id: mark.requesterId, name: mark.requester },
      })),
    );
    const before = await events();
    await mirror();
    expect([await scene.marksOf(tiny.imageIds[0]!), await events()]).toEqual([pending, before]);
    expect(await scene.register.marks.pending()).toEqual([]);
  });

  test('a declined request removes its marks and note; the image may be requested again', async () => {
    const { id, tiny } = await requested([single('declined.tif')]);
    await mirror();
    await scene.register.requests.decline(id, 'boss', 'still in use');
    await mirror();
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual([]);
    await scene.mark(tiny.imageIds, tiny.user.id);
    const again = await scene.scan.run('test');
    expect(again.requests).toHaveLength(1);
    await mirror();
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual(pending);
  });

  test('declined before the marks were written, with a scan in between: the new mark prevails', async () => {
    const { id, tiny } = await requested([single('quick.tif')]);
    await scene.register.requests.decline(id, 'boss', null);
    const { requests } = await scene.scan.run('test'); // TO-ARCHIVE is still there
    expect(requests).toHaveLength(1);
    await mirror();
    expect(await scene.marksOf(tiny.imageIds[0]!)).toContain('ARCHIVE-PENDING');
  });

  test('linked is archived, including the flag; undone is as it was before', async () => {
    const { id, tiny } = await started([single('linked.tif'), single('flagged.tif')]);
    const [plain, flagged] = tiny.imageIds as [number, number];
    await scene.sql('UPDATE image SET archived = true WHERE id = $1', [flagged]); // as OMERO 4 set it
    await scene.sql('UPDATE image SET archived = NULL WHERE id = $1', [plain]);
    await move(id, untilLinked.slice(0, -1));
    await mirror();
    expect([await scene.marksOf(plain), await flagOf(plain)]).toEqual([pending, null]);
    await move(id, untilLinked.slice(-1));
    await mirror();
    for (const image of [plain, flagged])
      expect([await scene.marksOf(image), await flagOf(image)]).toEqual([archived, true]);

    await scene.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await mirror();
    expect(await scene.marksOf(plain)).toEqual(archived); // not before the original is back
    await move(id, [['undoing', 'undo', 'undone']]);
    await mirror();
    expect([await scene.marksOf(plain), await flagOf(plain)]).toEqual([[], null]);
    expect([await scene.marksOf(flagged), await flagOf(flagged)]).toEqual([[], true]);
  });

  test('an image that was deleted in OMERO never blocks the others', async () => {
    const { id, tiny } = await requested([single('stays.tif'), single('goes.tif')]);
    const [stays, goes] = tiny.imageIds as [number, number];
    const remove = async (image: number): Promise<void> => {
      await scene.sql('DELETE FROM imageannotationlink WHERE parent = $1', [image]);
      await scene.sql('DELETE FROM image WHERE id = $1', [image]);
    };
    await remove(goes);
    await mirror();
    expect([await scene.marksOf(stays), await scene.marksOf(goes)]).toEqual([pending, []]);
    await scene.register.requests.approve(id, 'boss');
    await scene.starter.run('test');
    await move(id, untilLinked);
    await remove(stays);
    expect(await mirror()).toBeGreaterThan(0);
    expect(await scene.register.marks.pending()).toEqual([]);
  });

  test('an image that moved to another group gets its marks there', async () => {
    const { tiny } = await requested([single('moved.tif')]);
    const group = await scene.sql<{ id: bigint }>(
      `INSERT INTO experimentergroup (id, name, permissions, ldap, version) VALUES (ome_nextval('seq_experimentergroup'), 'elsewhere', -120, false, 0) RETURNING id`,
    );
    await scene.sql('UPDATE image SET group_id = $1 WHERE id = $2', [group[0]!.id, tiny.imageIds[0]]);
    await mirror();
    const [mark] = await scene.sql<{ group: bigint; permissions: bigint }>(
      `SELECT a.group_id AS "group", a.permissions FROM annotation a JOIN imageannotationlink l ON l.child = a.id WHERE l.parent = $1 AND a.name = 'ARCHIVE-PENDING'`,
      [tiny.imageIds[0]],
    );
    expect(mark).toEqual({ group: group[0]!.id, permissions: -120n });
  });

  test('if OMERO refuses, the marks stay pending in the register', async () => {
    const { tiny } = await requested([single('refused.tif')]);
    await scene.sql('ALTER TABLE imageannotationlink RENAME TO hidden');
    await expect(mirror()).rejects.toMatchObject({ code: 'OMERO_SCHEMA_UNKNOWN' });
    await scene.sql('ALTER TABLE hidden RENAME TO imageannotationlink');
    expect(await scene.register.marks.pending()).toHaveLength(1);
    await mirror();
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual(pending);
  });
});
