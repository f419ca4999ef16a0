import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditedFile } from './audited-files';
import { firstPage } from './audited-images';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, closure, draft, newFile, newImage, passed, running } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const pages = async (
  options: Parameters<typeof place.register.audit.files>[1],
): Promise<readonly (readonly AuditedFile[])[]> => {
  const all: (readonly AuditedFile[])[] = [];
  for (let after: bigint | undefined = 0n; after !== undefined;) {
    const page: Awaited<ReturnType<typeof place.register.audit.files>> = await place.register.audit.files(
      after,
      options,
    );
    if (page.next !== undefined) all.push(page.rows);
    after = page.next;
  }
  return all;
};
const big = 1n << 29n; // a bag of its own

describe('bags', () => {
  it('that moved are in the stores that they moved from, whatever these are called now', async () => {
    const { register, sql } = place;
    await running(register, { a: [1n] });
    const [bag] = (await bagsOf(register)) as [bigint];
    await brought(register, bag, 'released');
    await sql.query("UPDATE file SET copy_version = 'one', copy_digest = 'cd', copy_read = 'direct'");
    const { name } = (await sql.query<{ name: string }>('SELECT name FROM bag')).rows[0]!;
    const alsoIn = async (): Promise<readonly string[]> =>
      [...new Set((await register.audit.bagsNamed([name, 'unknown'])).get(name)!.alsoIn)].sort();

    await register.renameStore('main', 'first', 'boss');
    expect(await alsoIn()).toEqual([]);
    await register.moves.ask([bag], { from: 'first', to: 'tape' }, 'boss');
    expect(await alsoIn()).toEqual(['first', 'tape']);
    await sql.query("UPDATE bag SET store = 'tape', moving_to = NULL, moved_from = 'first'");
    await register.renameStore('first', 'second', 'boss'); // no bag of its own is left there
    await register.renameStore('second', 'third', 'boss');
    await register.renameStore('tape', 'vault', 'boss');
    expect(await alsoIn()).toEqual(['third', 'vault']);
    await sql.query("UPDATE file SET state = 'linked'");
    await register.moves.ask([bag], { from: 'vault', to: 'main' }, 'boss'); // a new store of the first name
    expect(await alsoIn()).toEqual(['main', 'third', 'vault']);
  });
});

describe('files', () => {
  it('come by whole bags, each once, even if a page has none to check', async () => {
    await running(place.register, { a: [big], b: [big], c: [1n, 2n, 3n], d: [big] });
    const bags = await bagsOf(place.register);
    for (const bag of [bags[0]!, bags[2]!, bags[3]!]) await brought(place.register, bag, 'sealed');
    expect((await pages({ limit: 1 })).map((page) => page.length)).toEqual([1, 0, 3, 1]);
    expect((await pages({ limit: 4 })).map((page) => page.length)).toEqual([4, 1]);
    expect((await pages({}))[0]!.map((file) => file.stand)).toEqual(Array(5).fill('sealed'));
    expect(await pages({ store: 'other' })).toEqual([]);
  });

  it('change their turn whenever something else is expected on disk', async () => {
    await running(place.register, { a: [1n, 2n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await brought(place.register, bag, 'linked');
    const before = (await pages({}))[0]!;
    const ids = before.map((file) => file.id);
    expect([...(await place.register.audit.turns(ids)).values()]).toEqual(before.map((file) => file.turn));
    await passed(place.register, bag, 'linked');
    const after = await place.register.audit.turns(ids);
    expect(before.some((file) => after.get(file.id) === file.turn)).toBe(false);
  });

  it('that were given back are taken over by a later request for their path', async () => {
    const one = async (): Promise<bigint> => {
      const id = await place.register.requests.create(
        draft,
        closure([newImage(7n, 'x')], [newFile('x', 'same/path')]),
        'scanner',
      );
      await place.register.requests.approve(id, 'boss');
      await place.register.requests.start(id, 'main', () => `bag-of-${id}`, 'scanner');
      const bag = (await place.register.audit.bagsNamed([`bag-of-${id}`])).get(`bag-of-${id}`)!.id;
      await brought(place.register, bag, 'linked');
      return bag;
    };
    const first = await one();
    await place.register.operator.undo({ kind: 'Fileset', names: ['x'] }, 'boss');
    await passed(place.register, first, 'undoing');
    expect((await pages({})).flat().map((file) => [file.stand, file.takenOver])).toEqual([['undone', false]]);
    await one();
    expect((await pages({})).flat().map((file) => [file.stand, file.takenOver])).toEqual([
      ['undone', true],
      ['linked', false],
    ]);
  });
});

describe('copies', () => {
  it('are known where the bag has them, or a retry took the file out of it into a later one', async () => {
    await running(place.register, { a: [1n], b: [big] });
    const [first, second] = [...(await place.register.audit.bagsNamed(['r1-1', 'r1-2'])).values()].sort((a, b) =>
      Number(a.id - b.id),
    ) as [never, never];
    const { rows } = await place.register.audit.files(0n);
    expect(rows).toEqual([]); // too early for an audit, but not unknown
    const file = async (bag: { id: bigint }): Promise<Buffer> =>
      (await place.sql.query('SELECT path FROM file WHERE bag_id = $1', [bag.id])).rows[0].path;
    const copies = [await file(first), await file(second), Buffer.from('stranger')].map(
      (path) => ({ root: 'ManagedRepository', path }) as const,
    );
    expect(await place.register.audit.copiesKnown(first, copies)).toEqual(new Set([0, 1]));
    expect(await place.register.audit.copiesKnown(second, copies)).toEqual(new Set([1]));
    expect(
      await place.register.audit.copiesKnown(
        first,
        copies.map((copy) => ({ ...copy, root: 'Files' as const })),
      ),
    ).toEqual(new Set());
  });
});

describe('images', () => {
  const images = async () =>
    (await place.register.audit.images(firstPage)).rows.map(({ imageId, mark }) => [imageId, mark]);
  const write = async (before?: boolean | null): Promise<void> => {
    await place.register.marks.written(
      (await place.register.marks.pending()).map(({ requestId, imageId, wanted }) => ({
        requestId,
        imageId,
        written: wanted,
        ...(wanted === 'archived' && before !== undefined ? { before } : {}),
      })),
    );
  };

  it('are those whose wanted mark was written to OMERO; page by page', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n], 'Fileset:2': [1n] });
    expect(await images()).toEqual([]);
    await write();
    const { rows, next } = await place.register.audit.images(firstPage, 1);
    expect([rows.length, next?.[0]]).toEqual([1, id]);
    expect((await place.register.audit.images(next!, 1)).rows.map((row) => row.imageId)).toEqual([
      rows[0]!.imageId + 1n,
    ]);
    expect(await place.register.audit.images((await place.register.audit.images(next!, 1)).next!, 1)).toEqual({
      rows: [],
      next: undefined,
    });
  });

  it('that are no longer archived count only where Coldroom is known to have set the flag', async () => {
    await place.register.requests
      .create(draft, closure([newImage(1n, 'Legacy:1')], [newFile('Legacy:1', 'a')]), 'scanner')
      .then((id) => place.register.requests.decline(id, 'boss', null));
    await running(place.register, { 'Legacy:2': [1n] }).then(() => write());
    await brought(place.register, (await bagsOf(place.register))[0]!, 'linked');
    await write(null); // before: unset
    await place.register.operator.undo({ kind: 'Fileset', names: ['Legacy:2'] }, 'boss');
    await passed(place.register, (await bagsOf(place.register))[0]!, 'undoing');
    await write();
    expect(await images()).toEqual([]);
    await running(place.register, { 'Fileset:3': [1n] }).then(() => write());
    await brought(place.register, (await bagsOf(place.register))[0]!, 'linked');
    await write(false);
    await place.register.operator.undo({ kind: 'Fileset', names: ['Fileset:3'] }, 'boss');
    await passed(place.register, (await bagsOf(place.register))[0]!, 'undoing');
    await write();
    expect(await images()).toEqual([[expect.anything(), 'none']]);
  });

  it('stay as they are while they are repaired', async () => {
    const id = await place.register.requests.create(
      draft,
      closure([newImage(1n, 'Fileset:1')], [newFile('Fileset:1', 'a')]),
      'scanner',
    );
    await write();
    const { rows } = await place.register.audit.images(firstPage);
    let declined = false;
    const seen = await place.register.audit.whileSettled(rows, async (settled) => {
      const decline = place.register.requests.decline(id, 'boss', null).then(() => {
        declined = true;
      });
      await sleep(200);
      expect([settled, declined]).toEqual([rows, false]);
      return { decline };
    });
    await seen.decline;
    expect(await place.register.audit.whileSettled(rows, async (settled) => settled)).toEqual([]);
    expect(await place.register.audit.stillSettled(rows)).toEqual([]);
  });
});
