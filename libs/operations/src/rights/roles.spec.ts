import type { PersonInGroups } from '@coldroom/register';
import { freshRegister } from '../testing/fresh-register';
import { roles } from './rights';
import { actorOf, holdersOf, type RoleSettings } from './roles';

const none: RoleSettings = { managers: [], administrators: [], auditors: [] };
const person = (more: Partial<PersonInGroups> = {}): PersonInGroups => ({
  id: 7n,
  login: 'alice',
  fullName: 'Alice',
  email: null,
  active: true,
  administrator: false,
  withheld: [],
  groups: [{ id: 3n, name: 'lab', leader: false }],
  ...more,
});
const leader = { groups: [{ id: 3n, name: 'lab', leader: true }] };

test.each<[string, Partial<PersonInGroups>, Partial<RoleSettings>, string[]]>([
  ['an active user', {}, {}, ['researcher']],
  ['a leader', leader, {}, ['researcher', 'leader']],
  ['an inactive administrator', { active: false, administrator: true }, { managers: ['alice'] }, []],
  ['an administrator, with no manager named', { administrator: true }, {}, ['researcher', 'manager', 'administrator']],
  [
    'an administrator, with a manager named',
    { administrator: true },
    { managers: ['bob'] },
    ['researcher', 'administrator'],
  ],
  ['a restricted administrator', { administrator: true, withheld: ['Chown'] }, {}, ['researcher']],
  ['a manager by login', {}, { managers: ['alice'] }, ['researcher', 'manager']],
  ['a manager by group', {}, { managers: ['group:lab'] }, ['researcher', 'manager']],
  ['a login that equals a group', { login: 'lab', groups: [] }, { managers: ['group:lab'] }, ['researcher']],
  ['a group that equals a login', { login: 'x' }, { managers: ['lab'] }, ['researcher']],
  ['a login in another case', {}, { managers: ['Alice'] }, ['researcher']],
  ['an auditor', {}, { auditors: ['alice'], managers: ['bob'] }, ['researcher', 'auditor']],
  ['a named administrator', {}, { administrators: ['alice'], managers: ['bob'] }, ['researcher', 'administrator']],
])('%s has the expected roles', (_who, more, settings, expected) => {
  expect(actorOf(person(more), { ...none, ...settings }).roles).toEqual(expected);
});

test('an actor leads what the person leads, and an inactive one leads nothing', () => {
  expect(actorOf(person(leader), none)).toMatchObject({ name: 'alice', personId: 7n, leads: [3n] });
  expect(actorOf(person({ ...leader, active: false }), none).leads).toEqual([]);
});

test('the register finds by role exactly those who have it, whatever the settings', async () => {
  const register = await freshRegister('roles');
  try {
    const someone = (id: bigint, login: string, more: Partial<PersonInGroups> = {}): PersonInGroups =>
      person({ id, login, groups: [], ...more });
    const people = [
      someone(1n, 'root', { administrator: true }),
      someone(2n, 'restricted', { administrator: true, withheld: ['Chown'] }),
      someone(3n, 'gone', { active: false, administrator: true, ...leader }),
      someone(4n, 'lea', leader),
      someone(5n, 'alice', { groups: [{ id: 3n, name: 'lab', leader: false }] }),
      someone(6n, 'lab'),
    ];
    await register.people.mirror({
      people,
      groups: [{ id: 3n, name: 'lab' }],
      memberships: people.flatMap(({ id, groups }) =>
        groups.map((group) => ({ groupId: group.id, personId: id, leader: group.leader })),
      ),
    });
    for (const names of [[], ['alice'], ['group:lab'], ['lab', 'gone']])
      for (const settings of [
        { ...none, managers: names },
        { ...none, administrators: names },
        { ...none, auditors: names, managers: ['root'] },
      ])
        for (const role of roles) {
          const expected = people
            .filter((one) => actorOf(one, settings).roles.includes(role))
            .map(({ login }) => login);
          const found = await register.people.list({ holders: holdersOf(role, settings) });
          expect([role, settings, found.map(({ login }) => login)]).toEqual([role, settings, expected.toSorted()]);
        }
  } finally {
    await register.close();
  }
});
