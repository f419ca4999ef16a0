import { OmeroDatabase } from './omero-database';
import { collect, OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
let [readWrite, privat, alice, bob, root] = [0n, 0n, 0n, 0n, 0n];
beforeAll(async () => {
  rows = await OmeroRows.create('import_marks');
  omero = OmeroDatabase.connect(rows.url);
  [readWrite, privat] = [await rows.group('shared', -8n), await rows.group('lab', -120n)];
  alice = await rows.person('alice', [readWrite, privat]);
  bob = await rows.person('bob', [readWrite, privat]);
  root = await rows.person('boss', [0n]);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});
afterEach(async () => {
  for (const kind of ['dataset', 'screen', 'project'])
    await rows.query(`DELETE FROM ${kind}annotationlink; DELETE FROM ${kind}`);
  await rows.query('DELETE FROM annotation_mapvalue; DELETE FROM annotation');
});

type Kind = 'dataset' | 'screen' | 'project';
type Pairs = readonly (readonly [string, string])[];

async function container(kind: Kind, owner_id: bigint, group_id: bigint): Promise<bigint> {
  return rows.own(kind, { name: `${kind} of ${owner_id}`, owner_id, group_id });
}
async function annotation(owner_id: bigint, group_id: bigint, map: Pairs): Promise<bigint> {
  return rows.annotation('IMPORT', { owner_id, group_id }, map);
}
async function link(kind: Kind, parent: bigint, child: bigint, owner_id: bigint): Promise<bigint> {
  return rows.own(`${kind}annotationlink`, { parent, child, owner_id });
}
/** An order for a directory, by `owner` on a container of `of` in this group. */
async function ordered(owner: bigint, of: bigint, group: bigint, kind: Kind = 'dataset'): Promise<bigint> {
  const id = await annotation(owner, group, [['Directory', '/buffer/run']]);
  await link(kind, await container(kind, of, group), id, owner);
  return id;
}
const marks = () => collect(omero.importMarks());

describe('an annotation that orders an import', () => {
  it.each<[Kind, string]>([
    ['dataset', 'Dataset'],
    ['screen', 'Screen'],
    ['project', 'Project'],
  ])('is found on a %s, with keys in any spelling', async (kind, named) => {
    const id = await annotation(alice, privat, [
      ['note', 'of my own'],
      [' directory', '/buffer/a run '],
      ['TRANSFER', ' ln '],
    ]);
    const target = await container(kind, alice, privat);
    await link(kind, target, id, alice);
    expect(await marks()).toEqual([
      {
        annotationId: id,
        person: { id: alice, name: 'alice' },
        group: { id: privat, name: 'lab', permissions: -120n },
        target: { kind: named, id: target, name: `${kind} of ${alice}` },
        directory: '/buffer/a run ',
        transfer: 'ln',
        answer: '',
        refused: null,
      },
    ]);
  });

  it('counts only where its owner linked it', async () => {
    const id = await annotation(alice, readWrite, [['Directory', '/buffer/run']]);
    await link('dataset', await container('dataset', bob, readWrite), id, bob);
    expect(await marks()).toEqual([]);
    const own = await container('dataset', alice, readWrite);
    await link('dataset', own, id, alice);
    expect(await marks()).toMatchObject([{ target: { id: own }, refused: null }]);
  });

  it('is refused with several targets', async () => {
    const id = await ordered(alice, alice, privat);
    await link('screen', await container('screen', alice, privat), id, alice);
    expect(await marks()).toMatchObject([{ annotationId: id, refused: expect.stringMatching(/several targets/) }]);
  });

  it.each<[string, () => Promise<bigint>, RegExp | null]>([
    ['its own dataset', () => ordered(alice, alice, privat), null],
    ["another's dataset in a group where members write", () => ordered(alice, bob, readWrite), null],
    ["another's dataset in a private group", () => ordered(alice, bob, privat), /may not add images to Dataset:/],
    ["another's dataset, for an administrator", () => ordered(root, bob, privat), null],
    [
      'a group that its owner has left',
      async () => ordered(alice, alice, await rows.group(`left ${Date.now()}`)),
      /not a member/,
    ],
    [
      'its own dataset, as an inactive user',
      async () => {
        const gone = await rows.person(`gone ${Date.now()}`, [privat], { inactive: true });
        return ordered(gone, gone, privat);
      },
      /inactive/,
    ],
  ])('into %s', async (_, order, refused) => {
    await order();
    expect(await marks()).toMatchObject([{ refused: refused ? expect.stringMatching(refused) : null }]);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['of another namespace', { ns: 'openmicroscopy.org/omero/client/mapAnnotation' }],
    ['of another kind', { discriminator: '/basic/text/tag/' }],
    ['of another name', { name: 'TO-ARCHIVE' }],
  ])('is none if it is %s', async (_, values) => {
    const id = await rows.annotation('IMPORT', { owner_id: alice, ...values }, [['Directory', '/buffer/run']]);
    await link('dataset', await container('dataset', alice, privat), id, alice);
    expect(await marks()).toEqual([]);
  });
});

describe('an answer', () => {
  const pairs = async (id: bigint) =>
    (
      await rows.query<{ pair: string }>(
        `SELECT index || ' ' || name || '=' || value AS pair FROM annotation_mapvalue WHERE annotation_id = $1 ORDER BY index`,
        [id],
      )
    ).map(({ pair }) => pair);

  it('is one pair of the annotation; the others stay as their owner wrote them', async () => {
    const id = await annotation(alice, privat, [
      ['done', ''],
      ['Directory', '/buffer/run'],
      ['DONE', 'twice'],
      ['my own', 'words'],
    ]);
    expect(await omero.answerImportMarks([{ annotationId: id, text: 'queued' }])).toMatchObject([
      { outcome: 'written' },
    ]);
    expect(await pairs(id)).toEqual(['0 Directory=/buffer/run', '1 my own=words', '2 Done=queued']);
    expect(await omero.answerImportMarks([{ annotationId: id, text: 'queued' }])).toMatchObject([
      { outcome: 'already' },
    ]);
    expect(await rows.count("eventlog WHERE action = 'UPDATE' AND entityid = $1", [id])).toBe(1);
  });

  it('is not written into what orders no import', async () => {
    const mark = await rows.annotation('TO-ARCHIVE', { owner_id: alice });
    expect(
      await omero.answerImportMarks([
        { annotationId: mark, text: 'queued' },
        { annotationId: 987654n, text: 'queued' },
      ]),
    ).toMatchObject([{ outcome: 'gone' }, { outcome: 'gone' }]);
    expect(await pairs(mark)).toEqual(['0 TO-ARCHIVE=True']);
  });

  it('of any length is accepted by OMERO', async () => {
    const id = await annotation(alice, privat, [['Directory', '/buffer/run']]);
    const long = Array.from({ length: 900 }, (_, nr) => `${nr * 7919}`).join(' ');
    expect(await omero.answerImportMarks([{ annotationId: id, text: long }])).toMatchObject([{ outcome: 'written' }]);
  });
});
