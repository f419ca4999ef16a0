import { OmeroDatabase } from './omero-database';
import { OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
beforeAll(async () => {
  rows = await OmeroRows.create('roster');
  omero = OmeroDatabase.connect(rows.url);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

test('lists users with names, addresses, activity, privileges, and the groups they are in and lead', async () => {
  const lab = await rows.group('lab');
  const alice = await rows.person('alice', [lab]);
  const gone = await rows.person('gone', [lab], { inactive: true });
  const restricted = await rows.person('restricted', [0n]);
  const leader = await rows.person('leader');
  await rows.join(leader, lab, true);
  await rows.query(
    "UPDATE experimenter SET firstname = 'Al', middlename = ' ', lastname = 'O''Brien <b>', email = ' a@x.org ' WHERE id = $1",
    [alice],
  );
  await rows.query("UPDATE experimenter SET email = '  ' WHERE id = $1", [gone]);
  await rows.query(
    `INSERT INTO experimenter_config (experimenter_id, name, value, index) VALUES ($1, 'AdminPrivilege:Chown', 'false', 0),
       ($1, 'AdminPrivilege:Sudo', ' True', 1), ($1, 'AdminPrivilege:WriteFile', '', 2), ($1, 'other', 'false', 3)`,
    [restricted],
  );

  const roster = await omero.roster();

  const found = (id: bigint) => roster.people.find((person) => person.id === id);
  expect(found(alice)).toEqual({
    id: alice,
    login: 'alice',
    fullName: "Al O'Brien <b>",
    email: 'a@x.org',
    active: true,
    administrator: false,
    withheld: [],
  });
  expect(found(gone)).toMatchObject({ active: false, email: null });
  expect(found(restricted)).toMatchObject({ administrator: true, withheld: ['Chown', 'WriteFile'] });
  expect(roster.groups).toContainEqual({ id: lab, name: 'lab' });
  expect(roster.groups.map(({ id }) => id)).not.toContain(1n);
  const inLab = roster.memberships.filter(({ groupId }) => groupId === lab);
  expect(inLab).toEqual([
    { groupId: lab, personId: alice, leader: false },
    { groupId: lab, personId: gone, leader: false },
    { groupId: lab, personId: leader, leader: true },
  ]);
});
