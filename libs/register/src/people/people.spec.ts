import { freshRegister } from '../testing/fresh-register';
import type { Person, Roster } from './people';

const person = (id: bigint, login: string, more: Partial<Person> = {}): Person => ({
  id,
  login,
  fullName: `${login} of the lab`,
  email: `${login}@example.org`,
  active: true,
  administrator: false,
  withheld: [],
  ...more,
});

const roster: Roster = {
  people: [
    person(0n, 'root', { administrator: true }),
    person(7n, 'alice'),
    person(8n, 'bob', { withheld: ['Chown', 'WriteFile'] }),
  ],
  groups: [
    { id: 3n, name: 'lab' },
    { id: 4n, name: 'a "group" <b>' },
  ],
  memberships: [
    { groupId: 3n, personId: 7n, leader: true },
    { groupId: 4n, personId: 7n, leader: false },
    { groupId: 3n, personId: 8n, leader: false },
  ],
};

let db: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  db = await freshRegister();
});
afterAll(() => db.drop());
beforeEach(() => db.register.people.mirror(roster));

test('before the first scan no one is known, and it was never read', async () => {
  const empty = await freshRegister();
  try {
    expect(await empty.register.people.lastRead()).toEqual({ readAt: null, failed: null });
    expect(await empty.register.people.byLogin('root')).toBeUndefined();
  } finally {
    await empty.drop();
  }
});

test('a person is found by login and by id, with the groups and the leadership', async () => {
  const { people } = db.register;
  expect(await people.byLogin('alice')).toEqual({
    ...person(7n, 'alice'),
    groups: [
      { id: 4n, name: 'a "group" <b>', leader: false },
      { id: 3n, name: 'lab', leader: true },
    ],
  });
  expect(await people.byId(8n)).toMatchObject({ login: 'bob', withheld: ['Chown', 'WriteFile'] });
  expect(await people.byLogin('Alice')).toBeUndefined();
  expect(await people.byId(99n)).toBeUndefined();
  expect((await people.lastRead()).readAt).toBeInstanceOf(Date);
});

test('full names are found by id; whoever is not known is left out', async () => {
  const names = await db.register.people.names([7n, 99n, 7n]);
  expect([...names]).toEqual([[7n, 'alice of the lab']]);
});

test('the mirror follows: swapped names, a lost role, a removed person and a removed group', async () => {
  const { people } = db.register;
  await people.mirror({
    people: [person(0n, 'root'), person(7n, 'bob', { active: false, email: null }), person(8n, 'alice')],
    groups: [{ id: 3n, name: 'laboratory' }],
    memberships: [{ groupId: 3n, personId: 7n, leader: false }],
  });
  expect(await people.byId(0n)).toMatchObject({ administrator: false });
  expect(await people.byLogin('bob')).toMatchObject({
    id: 7n,
    active: false,
    email: null,
    groups: [{ id: 3n, name: 'laboratory', leader: false }],
  });
  expect(await people.byLogin('alice')).toMatchObject({ id: 8n, groups: [] });

  await people.mirror({ people: [person(8n, 'alice')], groups: [], memberships: [] });
  expect((await people.list({})).map(({ login }) => login)).toEqual(['alice']);
});

test('a failed read keeps what is known, and a later one clears the reason', async () => {
  const { people } = db.register;
  await people.mirrorFailed('no right to read e-mail addresses');
  expect(await people.lastRead()).toMatchObject({ failed: 'no right to read e-mail addresses' });
  expect(await people.byLogin('alice')).toBeDefined();
  await people.mirror(roster);
  expect(await people.lastRead()).toMatchObject({ failed: null });
});

test('two mirrors at once end with one whole roster', async () => {
  const other: Roster = {
    people: [person(9n, 'carol')],
    groups: [{ id: 5n, name: 'c' }],
    memberships: [{ groupId: 5n, personId: 9n, leader: true }],
  };
  await Promise.all([db.register.people.mirror(roster), db.register.people.mirror(other)]);
  const names = (await db.register.people.list({})).map(({ login }) => login);
  expect([['carol'], ['alice', 'bob', 'root']]).toContainEqual(names);
});

test('people are listed by login, a page after the other', async () => {
  const { people } = db.register;
  const first = await people.list({ limit: 2 });
  expect(first.map(({ login }) => login)).toEqual(['alice', 'bob']);
  expect((await people.list({ after: 'bob', limit: 2 })).map(({ login }) => login)).toEqual(['root']);
});

test('a sign-in is known as long as its session is there', async () => {
  const [earlier, later] = [Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 2)];
  for (const [sid, personId, signedInAt] of [
    ['a', '7', earlier],
    ['b', '7', later],
    ['c', '8', earlier],
    ['d', undefined, undefined],
  ])
    await db.sql.query(`INSERT INTO session (sid, sess, expire) VALUES ($1, $2, now())`, [
      sid,
      JSON.stringify({ personId, signedInAt }),
    ]);
  const { sessions } = db.register;
  expect([...(await sessions.signedIn([7n, 9n]))]).toEqual([[7n, new Date(later)]]);
  await sessions.endAll(7n);
  expect((await sessions.signedIn([7n, 8n])).get(7n)).toBeUndefined();
});
