import type { PersonInGroups } from '@coldroom/register';
import { actorOf, type RoleSettings } from './roles';

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
