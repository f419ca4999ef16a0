import type { VNode } from 'preact';
import type { ImportState } from '@coldroom/domain';
import type { ImportListing } from '@coldroom/operations';
import type { ImportOrder } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { Part, type Live } from '../live/live';
import { ImportBadge, isMoving } from './import-state';

interface Props extends Frame {
  readonly listing: ImportListing;
  /** What the list is limited to. */
  readonly filter: ImportFilter | undefined;
  readonly canOrder: boolean;
  readonly live: Live;
}

export const importFilters = {
  moving: 'Under way',
  stuck: 'Needs attention',
  done: 'In OMERO',
  cancelled: 'Cancelled',
} as const;
export type ImportFilter = keyof typeof importFilters;

export function statesOf(filter: ImportFilter, all: readonly ImportState[]): readonly ImportState[] {
  if (filter === 'moving') return all.filter(isMoving);
  return filter === 'done' ? ['done', 'emptied'] : [filter];
}

export function ImportsPage({ listing, filter, canOrder, live, ...frame }: Props): VNode {
  const { imports, next } = listing;
  return (
    <Page {...frame} section="imports" title="Imports" live={live}>
      <div class="heading">
        <div class="title">
          <h1>Imports into OMERO</h1>
          {canOrder && (
            <a class="button primary" href={frame.site.href('/imports/new')}>
              New import…
            </a>
          )}
        </div>
        <nav class="states" aria-label="Imports by state">
          <a href={frame.site.href('/imports')} aria-current={filter === undefined ? 'true' : undefined}>
            All
          </a>
          {Object.entries(importFilters).map(([name, title]) => (
            <a href={frame.site.href(`/imports?state=${name}`)} aria-current={filter === name ? 'true' : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </div>
      <Part name="imports">
        {imports.length === 0 ? <Nothing isFiltered={filter !== undefined} /> : <Table {...frame} imports={imports} />}
      </Part>
      {next !== null && (
        <p>
          <a
            class="button"
            rel="next"
            href={frame.site.href(`/imports?${filter === undefined ? '' : `state=${filter}&`}before=${next}`)}
          >
            Older imports
          </a>
        </p>
      )}
    </Page>
  );
}

const columns = [
  { title: 'What' },
  { title: 'State' },
  { title: 'Files', number: true },
  { title: 'Size', number: true },
  { title: 'Ordered', number: true },
];

function Table({ site, imports }: Pick<Frame, 'site'> & { readonly imports: readonly ImportOrder[] }): VNode {
  return (
    <section class="card">
      <Rows
        label="Imports"
        columns={columns}
        rows={imports.map((each) => ({
          key: String(each.id),
          cells: [
            <>
              <a class="name" href={site.href(`/imports/${each.id}`)}>
                {lastName(each.display)}
              </a>{' '}
              <span class="muted name">
                {each.person}, {each.target}
              </span>
            </>,
            <ImportBadge state={each.state} />,
            each.content === null ? '' : formatCount(each.files),
            each.content === null ? '' : formatBytes(each.bytes),
            <When at={each.orderedAt} />,
          ],
        }))}
      />
    </section>
  );
}

export const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function Nothing({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  return (
    <section class="card empty">
      <h2>{isFiltered ? 'There is no such import' : 'Nothing was imported yet'}</h2>
      <p>What you order here goes on without you: you can sign out, and look again later.</p>
    </section>
  );
}
