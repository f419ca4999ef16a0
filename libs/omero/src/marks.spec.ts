import type { IgnoredMark, Mark, RequestMark } from './marks';
import { OmeroDatabase } from './omero-database';
import { collect, OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
let people: Record<'owner' | 'leader' | 'member' | 'administrator' | 'restricted' | 'gone' | 'goneLeader', bigint>;
let group: bigint;
beforeAll(async () => {
  rows = await OmeroRows.create('marks');
  omero = OmeroDatabase.connect(rows.url, { max: 2 });
  group = await rows.group('lab', -40n);
  const elsewhere = await rows.group('elsewhere');
  people = {
    owner: await rows.person('olga', [group]),
    leader: await rows.person('lea'),
    member: await rows.person('mo', [group]),
    administrator: await rows.person('ada', [0n]),
    restricted: await rows.person('rex', [0n]),
    gone: await rows.person('gus', [group], { inactive: true }),
    goneLeader: await rows.person('gil', [], { inactive: true }),
  };
  await rows.join(people.leader, group, true);
  await rows.join(people.goneLeader, group, true);
  await rows.join(people.member, elsewhere, true);
  const privilege = (id: bigint, name: string, value: string, index: number): Promise<unknown> =>
    rows.query('INSERT INTO experimenter_config (experimenter_id, name, value, index) VALUES ($1, $2, $3, $4)', [
      id,
      name,
      value,
      index,
    ]);
  await privilege(people.administrator, 'AdminPrivilege:Sudo', 'true', 0);
  await privilege(people.restricted, 'AdminPrivilege:Chgrp', 'true', 0);
  await privilege(people.restricted, 'AdminPrivilege:Sudo', 'false', 1);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});
afterEach(async () => {
  for (const table of ['imageannotationlink', 'annotation_mapvalue', 'annotation', 'image'])
    await rows.query(`DELETE FROM ${table}`);
});

const read = (name: RequestMark = 'TO-ARCHIVE'): Promise<(Mark | IgnoredMark)[]> => collect(omero.marks(name));
const imageOf = (owner: bigint): Promise<bigint> => rows.image({ owner_id: owner, group_id: group, name: 'cell.tif' });

interface Marked {
  asks?: bigint | string | null;
  links?: bigint;
  owns?: bigint;
  imageOwner?: bigint;
}

async function mark({
  asks = people.owner,
  imageOwner = people.owner,
  links = imageOwner,
  owns = imageOwner,
}: Marked): Promise<bigint> {
  const image = await imageOf(imageOwner);
  const description = typeof asks === 'bigint' ? `Owner : ${asks} : someone` : asks;
  await rows.link(image, await rows.annotation('TO-ARCHIVE', { description, owner_id: owns, group_id: group }), {
    owner_id: links,
    group_id: group,
  });
  return image;
}

it('returns what the scanner needs to know of a mark', async () => {
  const image = await mark({});
  const [annotation] = await rows.query<{ id: bigint }>('SELECT id FROM annotation');
  expect(await read()).toEqual([
    {
      imageId: image,
      imageName: 'cell.tif',
      owner: { id: people.owner, name: 'olga' },
      group: { id: group, name: 'lab', permissions: -40n },
      annotationId: annotation?.id,
      description: `Owner : ${people.owner} : someone`,
      linkOwner: { id: people.owner, name: 'olga' },
      ignored: null,
      requester: { id: people.owner, name: 'olga' },
      keys: ['TO-ARCHIVE'],
      values: ['True'],
    },
  ]);
  expect(await read('FROM-ARCHIVE')).toEqual([]);
});

it.each<[string, () => Marked, string | RegExp]>([
  ['the owner', () => ({}), 'olga'],
  ['an administrator', () => ({ asks: people.administrator }), 'ada'],
  ['a leader of the group', () => ({ asks: people.leader }), 'lea'],
  [
    'an administrator who linked it as well',
    () => ({ asks: people.administrator, links: people.administrator, owns: people.administrator }),
    'ada',
  ],
  ['a leader, for a user who has left', () => ({ asks: people.leader, imageOwner: people.gone }), 'lea'],
  ['whoever linked it, if it does not say', () => ({ asks: null, links: people.leader }), 'lea'],
  ['a member', () => ({ asks: people.member }), /mo, who asks, is neither/],
  [
    'a member who names the owner',
    () => ({ links: people.member, owns: people.member }),
    /mo, who linked the mark, is neither/,
  ],
  ['a member whose annotation the owner linked', () => ({ owns: people.member }), /mo, who owns the mark, is neither/],
  ['a restricted administrator', () => ({ asks: people.restricted }), /rex, who asks, is neither/],
  [
    'an owner who has left',
    () => ({ asks: people.gone, imageOwner: people.gone }),
    /gus, who asks, is an inactive user/,
  ],
  ['a leader who has left', () => ({ asks: people.goneLeader }), /gil, who asks, is an inactive user/],
  ['nobody there is', () => ({ asks: 987654n }), /user 987654 asks, who does not exist/],
  ['nobody one can make out', () => ({ asks: 'please archive' }), /does not say who asks/],
  ['an id that is no id', () => ({ asks: 'Owner : 99999999999999999999999999 : x' }), /does not say who asks/],
])('decides on a mark by %s', async (_who, made, expected) => {
  const image = await mark(made());
  const [found] = await read();
  expect(found?.imageId).toBe(image);
  if (typeof expected === 'string') expect(found).toMatchObject({ ignored: null, requester: { name: expected } });
  else expect(found).toMatchObject({ ignored: 'MARK_NOT_ALLOWED', reason: expect.stringMatching(expected) });
});

it('accepts only map annotations of our namespace, name and value as marks', async () => {
  const image = await imageOf(people.owner);
  const add = async (name: string, values = {}, map?: [string, string][]): Promise<bigint> =>
    rows.link(image, await rows.annotation(name, { owner_id: people.owner, ...values }, map), {
      owner_id: people.owner,
    });
  await add('TO-ARCHIVE', { discriminator: '/basic/text/tag/', textvalue: 'TO-ARCHIVE' });
  await add('TO-ARCHIVE', { discriminator: '/basic/bool/', boolvalue: true }, []);
  await add('TO-ARCHIVE', { ns: null });
  await add('TO-ARCHIVE', { ns: 'openmicroscopy.org/omero/client/mapAnnotation' });
  await add('TO-ARCHIVE', {}, [['TO-ARCHIVE', 'False']]);
  await add('TO-ARCHIVE', {}, [['FROM-ARCHIVE', 'True']]);
  await add('TO-ARCHIVE', {}, []);
  await add('ARCHIVE NOTE', {}, [['TO-ARCHIVE', 'True']]);
  expect(await read()).toEqual([]);
  await add('TO-ARCHIVE', {}, [
    ['Remark', 'x'],
    ['to-archive', ' true '],
  ]);
  expect(await read()).toHaveLength(1);
});

it('counts an annotation linked twice once, by the link that is allowed', async () => {
  const image = await imageOf(people.owner);
  const annotation = await rows.annotation('TO-ARCHIVE', {
    description: `Owner : ${people.owner} : olga`,
    owner_id: people.owner,
  });
  for (const owner_id of [people.member, people.owner, people.restricted])
    await rows.link(image, annotation, { owner_id });
  const second = await rows.annotation('TO-ARCHIVE', {
    description: `Owner : ${people.leader} : lea`,
    owner_id: people.owner,
  });
  await rows.link(image, second, { owner_id: people.owner });
  expect((await read()).map((found) => [found.annotationId, found.ignored])).toEqual([
    [annotation, null],
    [second, null],
  ]);
});

it('reads many marks in batches, by image id, and may be left early', async () => {
  await rows.query(
    `INSERT INTO image (id, permissions, version, creation_id, update_id, owner_id, group_id, name, series)
    SELECT 700000 + n, -120, 0, 0, 0, $1, $2, 'n', 0 FROM generate_series(1, 5000) n`,
    [people.owner, group],
  );
  const annotation = await rows.annotation('TO-ARCHIVE', {
    description: `Owner : ${people.owner} : olga`,
    owner_id: people.owner,
  });
  await rows.query(
    `INSERT INTO imageannotationlink (id, permissions, version, creation_id, update_id, owner_id, group_id, parent, child)
    SELECT 700000 + n, -120, 0, 0, 0, $1, $2, 705001 - n, $3 FROM generate_series(1, 5000) n`,
    [people.owner, group, annotation],
  );
  const ids = (await read()).map(({ imageId }) => imageId);
  expect(ids).toHaveLength(5000);
  expect(ids).toEqual([...ids].sort((a, b) => Number(a - b)));
  for (let n = 0; n < 5; n++) {
    for await (const found of omero.marks('TO-ARCHIVE')) {
      expect(found.imageId).toBe(700001n);
      break;
    }
  }
  const open = (): Promise<number> =>
    rows.count(
      "pg_stat_activity WHERE datname = current_database() AND application_name = 'coldroom' AND state LIKE 'idle in transaction%'",
    );
  // The server may report a slightly earlier state.
  for (let turn = 0; turn < 100 && (await open()) > 0; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await open()).toBe(0);
});
