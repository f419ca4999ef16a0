import type { VNode } from 'preact';
import { requestStates, type RequestState } from '@coldroom/domain';
import { requestOrders, type RequestOrder } from '@coldroom/register';
import { Page, type Frame } from '../layout/html';
import { stateWords } from '../layout/parts';
import { RequestsTable } from './requests-table';
import { addressOf, type Search } from './search';
import type { Section } from './sections';

interface Props extends Frame {
  readonly sections: readonly Section[];
  readonly search: Search;
}

export function RequestsPage({ sections, search, ...frame }: Props): VNode {
  return (
    <Page {...frame} section="requests" title="Requests">
      <div class="heading">
        <h1>{titleOf(sections, search)}</h1>
        <States {...frame} search={search} />
        <SearchForm {...frame} search={search} />
        <Orders {...frame} search={search} />
        <Narrowed {...frame} sections={sections} search={search} />
      </div>
      {sections.length === 0 && <NoRequests isFiltered={addressOf(search, {}) !== '/requests'} />}
      {sections.map((section) => (
        <RequestsTable
          {...frame}
          title={section.title}
          requests={section.rows}
          totals={section.totals}
          next={nextOf(section, search)}
          order={search.sort}
          narrow={(change) => addressOf(search, change)}
        />
      ))}
    </Page>
  );
}

function nextOf({ last, state }: Section, search: Search): string | undefined {
  if (last === undefined) return undefined;
  // A section of several states goes on as a list of all of them.
  const next = { after: last.id, ...(search.sort === 'largest' ? { bytes: last.bytes } : {}) };
  return addressOf(search, { ...next, ...(state ? { state } : {}) });
}

function titleOf(sections: readonly Section[], { state }: Search): string {
  if (state !== undefined && state !== 'New') return stateWords[state];
  const waiting = sections.find((each) => each.state === 'New')?.totals.requests ?? 0;
  if (waiting === 0) return 'No request waits for a decision';
  return waiting === 1 ? '1 request waits for a decision' : `${waiting} requests wait for a decision`;
}

interface SearchProps extends Pick<Frame, 'site'> {
  readonly search: Search;
}

function States({ site, search }: SearchProps): VNode {
  const link = (each: RequestState | undefined): VNode => (
    <a href={site.href(addressOf(search, { state: each }))} aria-current={each === search.state ? 'true' : undefined}>
      {each === undefined ? 'All' : stateWords[each]}
    </a>
  );
  return (
    <nav class="states" aria-label="Requests by state">
      {link(undefined)}
      {requestStates.map(link)}
    </nav>
  );
}

function Orders({ site, search }: SearchProps): VNode {
  const present = search.sort ?? 'newest';
  return (
    <nav class="states" aria-label="Order">
      {requestOrders.map((order) => (
        <a
          href={site.href(addressOf(search, { sort: order === 'newest' ? undefined : order }))}
          aria-current={order === present ? 'true' : undefined}
        >
          {orderTitles[order]}
        </a>
      ))}
    </nav>
  );
}

const orderTitles: Readonly<Record<RequestOrder, string>> = {
  newest: 'Newest first',
  oldest: 'Oldest first',
  largest: 'Largest first',
};

function SearchForm({ site, search }: SearchProps): VNode {
  const { text, after: _page, bytes: _size, ...kept } = search;
  return (
    <form class="row" role="search" method="get" action={site.href('/requests')}>
      {Object.entries(kept).map(
        ([name, value]) => value !== undefined && <input type="hidden" name={name} value={value.toString()} />,
      )}
      <label class="hidden" for="text">
        Person, group or number
      </label>
      <input id="text" name="text" type="search" value={text} maxLength={200} placeholder="Person, group or number" />
      <button type="submit">Find</button>
    </form>
  );
}

/** What the list is limited to by its links, each with a way out. */
function Narrowed({ site, sections, search }: SearchProps & { readonly sections: readonly Section[] }): VNode | null {
  const row = sections[0]?.rows[0];
  const narrowed = [
    { name: 'group', label: `Group ${row?.group ?? search.group}`, on: search.group !== undefined },
    { name: 'owner', label: `Owner ${row?.owner ?? search.owner}`, on: search.owner !== undefined },
    { name: 'store', label: `Store ${search.store}`, on: search.store !== undefined },
  ].filter(({ on }) => on);
  if (narrowed.length === 0) return null;
  return (
    <p class="small">
      {narrowed.map(({ name, label }) => (
        <>
          {label} <a href={site.href(addressOf(search, { [name]: undefined }))}>show all</a>{' '}
        </>
      ))}
    </p>
  );
}

function NoRequests({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  return (
    <section class="card empty">
      <h2>{isFiltered ? 'No request matches' : 'There are no requests yet'}</h2>
      <p>
        {isFiltered
          ? 'Choose another state above, or search for something else.'
          : 'A researcher marks images in OMERO with the script Archive Images. The next scan makes a request of them, which then appears here.'}
      </p>
    </section>
  );
}
