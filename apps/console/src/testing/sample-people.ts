import type { Roster } from '@coldroom/register';
import { people, type Login } from './running-console';

export const groups = { biology: 3n, microscopy: 4n } as const;

const names: Readonly<Record<Login, string>> = {
  root: 'Root Administrator',
  alice: 'Alice Meyer',
  lea: 'Lea Okafor',
  dora: 'Dora Klein',
  olga: 'Olga Nowak',
  ada: 'Ada Lindqvist',
};

/** The accounts of `RunningConsole`, as people that one could meet. */
export const samplePeople: Roster = {
  people: [
    ...Object.entries(people).map(([login, id]) => ({
      id,
      login,
      fullName: names[login as Login],
      email: `${login}@example.org`,
      active: true,
      administrator: login === 'root',
      withheld: [],
    })),
    ...['ben', 'nora'].map((login, at) => ({
      id: 20n + BigInt(at),
      login,
      fullName: login === 'ben' ? 'Ben Hartmann' : 'Nora Eriksen',
      email: login === 'ben' ? null : 'nora.eriksen',
      active: true,
      administrator: false,
      withheld: [],
    })),
  ],
  groups: [
    { id: groups.biology, name: 'Cell Biology' },
    { id: groups.microscopy, name: 'Microscopy' },
  ],
  memberships: [
    { groupId: groups.biology, personId: people.alice, leader: false },
    { groupId: groups.biology, personId: people.lea, leader: true },
    { groupId: groups.microscopy, personId: people.olga, leader: false },
    { groupId: groups.microscopy, personId: 20n, leader: true },
    { groupId: groups.biology, personId: 21n, leader: false },
  ],
};
