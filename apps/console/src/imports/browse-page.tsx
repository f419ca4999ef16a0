import type { VNode } from 'preact';
import type { Browsed } from '@coldroom/operations';
import { formatBytes } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { lastName } from './imports-page';
import { Problem } from './problem';

interface Props extends Frame {
  readonly browsed: Browsed | undefined;
  readonly problem?: string | undefined;
}

const columns = [
  { title: 'Name' },
  { title: 'Size', number: true },
  { title: 'Changed', number: true },
  { title: 'Choose', number: true },
];

/** Where someone chooses what to import. */
export function BrowsePage({ browsed, problem, ...frame }: Props): VNode {
  return (
    <Page {...frame} section="imports" title="New import">
      <div class="heading">
        <p class="small muted">
          <a href={frame.site.href('/imports')}>Imports</a> / New
        </p>
        <h1>Choose what to import</h1>
        {browsed && browsed.path !== null && (
          <p class="lead name">
            {browsed.path} <a href={frame.site.href('/imports/new')}>Start again</a>
          </p>
        )}
      </div>
      <Problem problem={problem} />
      {browsed && browsed.entries.length === 0 && (
        <section class="card empty">
          <h2>There is nothing here</h2>
          <p>Files that you save into the buffer appear here.</p>
        </section>
      )}
      {browsed && browsed.entries.length > 0 && <Entries {...frame} browsed={browsed} />}
    </Page>
  );
}

const inQuery = (name: string, path: string): string => `/imports/new?${name}=${encodeURIComponent(path)}`;

function Entries({ site, browsed }: Pick<Frame, 'site'> & { readonly browsed: Browsed }): VNode {
  const isStart = browsed.path === null;
  return (
    <section class="card">
      <Rows
        label="Files and directories"
        columns={isStart ? columns.slice(0, 1) : columns}
        rows={browsed.entries.map(({ name, path, kind, size, changedAt }) => ({
          key: name,
          cells: [
            kind === 'directory' && path !== null ? (
              <a class="name" href={site.href(inQuery('in', path))}>
                {name}/
              </a>
            ) : (
              <span class="name">{name}</span>
            ),
            size === null ? '' : formatBytes(size),
            <When at={changedAt} />,
            path === null ? (
              <span class="muted">not possible: rename it</span>
            ) : (
              <a href={site.href(inQuery('path', path))} aria-label={`Import ${lastName(path)}`}>
                Import…
              </a>
            ),
          ],
        }))}
      />
      {browsed.more > 0 && <p class="small muted">{browsed.more} more are not shown.</p>}
    </section>
  );
}
