import type { VNode } from 'preact';
import { roles, type PeopleRead, type PersonListing } from '@coldroom/operations';
import type { Token } from '@coldroom/register';
import { Page, roleWords, type Frame } from '../layout/html';
import { When } from '../layout/parts';
import { addressOf, type Search } from './input';
import { PeopleTable } from './people-table';
import { Tokens } from './tokens';

interface Props extends Frame {
  readonly search: Search;
  readonly people: readonly PersonListing[];
  readonly isMore: boolean;
  readonly read: PeopleRead;
  readonly tokens: readonly Token[];
}

export function PeoplePage({ search, people, isMore, read, tokens, ...frame }: Props): VNode {
  const last = people.at(-1);
  const isFiltered = addressOf(search, {}) !== '/people';
  return (
    <Page {...frame} section="people" title="People">
      <div class="heading">
        <h1>People</h1>
        <Read read={read} />
        <SearchForm {...frame} search={search} />
        {search.group !== undefined && <GroupShown {...frame} search={search} people={people} group={search.group} />}
      </div>
      {people.length === 0 ? (
        <NoPeople isFiltered={isFiltered} />
      ) : (
        <section class="card">
          <PeopleTable {...frame} people={people} />
          {isMore && last && (
            <p>
              <a class="button" href={frame.site.href(addressOf(search, { after: last.login }))} rel="next">
                More people
              </a>
            </p>
          )}
        </section>
      )}
      <Tokens tokens={tokens} />
    </Page>
  );
}

function Read({ read: { readAt, failed } }: Pick<Props, 'read'>): VNode | null {
  if (failed !== null)
    return (
      <p class="alert" role="alert">
        The last scan could not read OMERO’s users. {failed}{' '}
        {readAt && (
          <>
            What is shown was read <When at={readAt} />.
          </>
        )}
      </p>
    );
  return (
    readAt && (
      <p class="muted">
        Read from OMERO <When at={readAt} />. Each scan reads OMERO’s users and groups again.
      </p>
    )
  );
}

function SearchForm({ site, search }: Pick<Props, 'site' | 'search'>): VNode {
  return (
    <form class="row" role="search" method="get" action={site.href('/people')}>
      {search.group !== undefined && <input type="hidden" name="group" value={search.group.toString()} />}
      <label class="hidden" for="text">
        Name, e-mail address or group
      </label>
      <input
        id="text"
        name="text"
        type="search"
        value={search.text}
        maxLength={200}
        placeholder="Name, e-mail address or group"
      />
      <label class="hidden" for="role">
        Role
      </label>
      <select id="role" name="role">
        <option value="">any role</option>
        {roles.map((role) => (
          <option value={role} selected={role === search.role}>
            {roleWords[role]}
          </option>
        ))}
      </select>
      <button type="submit">Find</button>
    </form>
  );
}

function GroupShown({
  site,
  search,
  people,
  group,
}: Pick<Props, 'site' | 'search' | 'people'> & { readonly group: bigint }): VNode {
  const name = people[0]?.groups.find(({ id }) => id === group)?.name ?? group.toString();
  return (
    <p class="small">
      Group {name} <a href={site.href(addressOf(search, { group: undefined }))}>show all</a>
    </p>
  );
}

function NoPeople({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  return (
    <section class="card empty">
      <h2>{isFiltered ? 'No one matches' : 'No one is known yet'}</h2>
      <p>
        {isFiltered
          ? 'Shorten the text, or choose another role.'
          : 'The scanner copies OMERO’s users and groups at each scan. Start it, and make sure that it has the rights in docs/omero-grants.sql.'}
      </p>
    </section>
  );
}
