import type { VNode } from 'preact';
import { stayOf, stays } from '@coldroom/operations';
import type { FileListing } from '@coldroom/register';
import { formatBytes } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { Rows } from '../layout/rows';
import { StayBadge, stayWords } from './stay';

type Query = Readonly<Record<string, unknown>>;

interface Props extends Frame {
  readonly query: Query;
  readonly files: readonly FileListing[];
  readonly isMore: boolean;
  readonly problem?: string | undefined;
}

export function FilesPage({ query, files, isMore, problem, ...frame }: Props): VNode {
  const last = files.at(-1);
  return (
    <Page {...frame} section="files" title="Files">
      <h1>Files</h1>
      <SearchForm {...frame} query={query} problem={problem} />
      {files.length > 0 && <FilesTable {...frame} files={files} />}
      {files.length === 0 && problem === undefined && <NoFiles isFiltered={Object.keys(query).length > 0} />}
      {isMore && last && (
        <p>
          <a class="button" href={frame.site.href(`/files?${linkOf(query, last.id)}`)} rel="next">
            More files
          </a>
        </p>
      )}
    </Page>
  );
}

const fields = ['path', 'image', 'fileset', 'request', 'state', 'code'] as const;
const textOf = (query: Query, name: string): string => (typeof query[name] === 'string' ? query[name] : '');

function linkOf(query: Query, after: bigint): string {
  const kept = fields.map((name) => [name, textOf(query, name)]).filter(([, value]) => value !== '');
  return new URLSearchParams([...kept, ['after', after.toString()]] as string[][]).toString();
}

function SearchForm({ site, query, problem }: Pick<Props, 'site' | 'query' | 'problem'>): VNode {
  const field = (name: (typeof fields)[number], label: string, hint?: string): VNode => (
    <div>
      <label for={name}>{label}</label>
      <input id={name} name={name} type="text" value={textOf(query, name)} placeholder={hint} autocomplete="off" />
    </div>
  );
  return (
    <form class="card" method="get" action={site.href('/files')} role="search" aria-label="Files">
      {problem !== undefined && (
        <p class="alert" role="alert">
          {problem}
        </p>
      )}
      <label for="path">Path, or its beginning</label>
      <input id="path" name="path" type="text" value={textOf(query, 'path')} autocomplete="off" />
      <div class="fields">
        {field('image', 'Image', '123')}
        {field('fileset', 'Fileset', '9')}
        {field('request', 'Request', '3')}
        <div>
          <label for="state">Where it is</label>
          <select id="state" name="state">
            <option value="">anywhere</option>
            {stays.map((stay) => (
              <option value={stay} selected={stay === query['state']}>
                {stayWords(stay)}
              </option>
            ))}
          </select>
        </div>
        {field('code', 'Code', 'HASH_DIFFERS')}
      </div>
      <button class="primary" type="submit">
        Find
      </button>
    </form>
  );
}

const columns = [
  { title: 'File', class: 'wide-column' },
  { title: 'Where it is', class: 'state-column' },
  { title: 'Size', number: true },
];

function FilesTable({ site, files }: Pick<Props, 'site' | 'files'>): VNode {
  return (
    <section class="card">
      <Rows
        label="Files found"
        columns={columns}
        rows={files.map((file) => ({
          key: String(file.id),
          cells: [
            <>
              <a class="path" href={site.href(`/files/${file.id}`)}>
                {file.path}
              </a>{' '}
              <span class="muted">
                {file.fileset}, request {String(file.requestId)}
              </span>
            </>,
            <>
              <StayBadge stay={stayOf[file.state]} />
              {file.code !== null && <span class="code block">{file.code}</span>}
            </>,
            formatBytes(file.size),
          ],
        }))}
        fixed
      />
    </section>
  );
}

function NoFiles({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  return (
    <section class="card empty">
      <h2>{isFiltered ? 'No such files' : 'There are no files yet'}</h2>
      <p>
        {isFiltered
          ? 'Leave a field empty, or shorten the path. A path begins below the repository, as in alice_7/2026-11/.'
          : 'Files appear here when the scanner has made a request of marked images that you may see.'}
      </p>
    </section>
  );
}
