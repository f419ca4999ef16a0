import type { VNode } from 'preact';
import type { PersonListing } from '@coldroom/operations';
import { counted } from '@coldroom/terminal';
import { roleWords, type Frame } from '../layout/html';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';

const columns = [
  { title: 'Person', class: 'wide-column' },
  { title: 'Roles', class: 'wide-column' },
  { title: 'Groups', class: 'wide-column' },
  { title: 'Signed in', number: true },
];
const groupsShown = 6;

interface Props extends Pick<Frame, 'site'> {
  readonly people: readonly PersonListing[];
}

export function PeopleTable({ site, people }: Props): VNode {
  const rows = people.map((person) => ({
    key: person.login,
    cells: [
      <Who person={person} />,
      <Roles person={person} />,
      <Groups site={site} person={person} />,
      person.signedInAt ? <When at={person.signedInAt} /> : <span class="muted">no session</span>,
    ],
  }));
  return <Rows label="People" columns={columns} rows={rows} fixed />;
}

interface OfPerson {
  readonly person: PersonListing;
}

function Who({ person: { login, fullName, active, email } }: OfPerson): VNode {
  return (
    <>
      <strong class="name">{fullName || login}</strong>{' '}
      {!active && (
        <Badge shape="■" colour="muted">
          Inactive
        </Badge>
      )}
      <span class="muted name">
        {login}
        {email.address !== null && `, ${email.address}`}
      </span>
      {active && email.problem !== null && (
        <Badge shape="▲" colour="warn">
          {email.problem === 'missing' ? 'No e-mail address' : 'Invalid e-mail address'}
        </Badge>
      )}
    </>
  );
}

function Roles({ person: { granted } }: OfPerson): VNode {
  if (granted.length === 0) return <span class="muted">none: inactive in OMERO</span>;
  return (
    <ul class="plain">
      {granted.map(({ role, reasons }) => (
        <li>
          {roleWords[role]} {role !== 'leader' && <span class="small muted name">{reasons.join(', ')}</span>}
        </li>
      ))}
    </ul>
  );
}

/** Groups that the person leads come first. */
function Groups({ site, person: { groups } }: OfPerson & Pick<Props, 'site'>): VNode {
  if (groups.length === 0) return <span class="muted">no groups</span>;
  const sorted = groups.toSorted((one, other) => Number(other.leader) - Number(one.leader));
  const more = groups.length - groupsShown;
  return (
    <ul class="plain">
      {sorted.slice(0, groupsShown).map(({ id, name, leader }) => (
        <li class="name">
          <a href={site.href(`/people?group=${id}`)}>{name}</a>{' '}
          {leader && <span class="small muted">group leader</span>}
        </li>
      ))}
      {more > 0 && <li class="small muted">and {counted(more, 'more group')}</li>}
    </ul>
  );
}
