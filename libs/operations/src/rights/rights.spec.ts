import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { actions, may, relations, relationsTo, roles, type Action, type Relation, type Role } from './rights';

const open = { leadersDecide: true, fourEyes: false };

/** The table of docs/rights.md: what each role permits, written independently of the code. */
const documented = ((): ReadonlyMap<string, readonly Relation[]> => {
  const lines = readFileSync(join(__dirname, '../../../../docs/rights.md'), 'utf8').split('\n');
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const start = lines.findIndex((line) => line.startsWith('| action |'));
  const heads = cells(lines[start] ?? '').slice(1);
  const table = new Map<string, readonly Relation[]>();
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    const [action = '', ...permitted] = cells(line);
    for (const [column, cell] of permitted.entries()) table.set(`${action} ${heads[column]}`, related(cell));
  }
  return table;
})();

function related(cell: string): readonly Relation[] {
  if (cell === 'all') return relations;
  return cell === '–' ? [] : [cell as Relation];
}

const everyCell = actions.flatMap((action) =>
  roles.flatMap((role) => relations.map((relation): [Action, Role, Relation] => [action, role, relation])),
);

test('the table in the documentation has each action and each role', () => {
  expect(documented.size).toBe(actions.length * roles.length);
});

test.each(everyCell)('%s as %s on what is related as %s follows the table', (action, role, relation) => {
  const permitted = documented.get(`${action} ${role}`)?.includes(relation);
  expect(may([role], action, [relation], open)).toBe(permitted);
});

test.each(everyCell)(
  '%s as %s on %s, where leaders do not decide, differs for their decisions only',
  (action, role, relation) => {
    const closed = may([role], action, [relation], { ...open, leadersDecide: false });
    const decides = role === 'leader' && (action === 'approve' || action === 'decline');
    expect(closed).toBe(decides ? false : may([role], action, [relation], open));
  },
);

test.each(everyCell)(
  "%s as %s on %s, with four eyes, differs for the approval of one's own only",
  (action, role, relation) => {
    const strict = may([role], action, [relation], { ...open, fourEyes: true });
    expect(strict).toBe(action === 'approve' && relation === 'own' ? false : may([role], action, [relation], open));
  },
);

test('with four eyes, no second role and no second relation lets someone approve their own', () => {
  const strict = { leadersDecide: true, fourEyes: true };
  expect(may(roles, 'approve', ['own', 'group'], strict)).toBe(false);
  expect(may(roles, 'approve', ['group'], strict)).toBe(true);
});

test('without a role nothing is permitted', () => {
  for (const action of actions) expect(may([], action, relations, open)).toBe(false);
});

test.each<[string, Partial<{ personId: bigint | null; leads: bigint[] }>, Relation[]]>([
  ['the owner', { personId: 7n }, ['own']],
  ['the requester', { personId: 8n }, ['own']],
  ['a leader of the group', { personId: 9n, leads: [3n] }, ['group']],
  ['an owner who leads the group', { personId: 7n, leads: [3n] }, ['own', 'group']],
  ['an owner who leads another group', { personId: 7n, leads: [4n] }, ['own']],
  ['someone else', { personId: 9n, leads: [4n] }, ['other']],
  ['a token', { personId: null }, ['other']],
])('%s of a request is related as expected', (_who, actor, expected) => {
  const someone = { name: 'x', personId: null, roles: [], leads: [], ...actor };
  expect(relationsTo(someone, { ownerId: 7n, requesterId: 8n, groupId: 3n })).toEqual(expected);
});
