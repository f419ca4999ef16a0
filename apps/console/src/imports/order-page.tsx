import type { VNode } from 'preact';
import type { ImportChoice } from '@coldroom/operations';
import type { ImportPreview } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { Csrf, Page, type Frame } from '../layout/html';
import { Rows } from '../layout/rows';
import { Part, type Live } from '../live/live';
import { lastName } from './imports-page';
import { Problem } from './problem';

interface Props extends Frame {
  readonly choice: ImportChoice;
  /** As it was named. */
  readonly path: string;
  readonly given: Readonly<Record<string, unknown>>;
  readonly problem?: string | undefined;
  readonly live: Live;
}

/** What an import of the chosen source would be, and the form that orders it. */
export function OrderPage({ choice, path, given, problem, live, ...frame }: Props): VNode {
  return (
    <Page {...frame} section="imports" title={`Import ${lastName(choice.display)}`} live={live}>
      <div class="heading">
        <p class="small muted">
          <a href={frame.site.href('/imports')}>Imports</a> / <a href={frame.site.href('/imports/new')}>New</a>
        </p>
        <h1 class="name">Import {lastName(choice.display)}</h1>
        <p class="lead name">{choice.display}</p>
      </div>
      <Problem problem={problem} />
      <div class="cols">
        <div class="stack">
          <Part name="preview">
            <Preview choice={choice} />
          </Part>
        </div>
        <OrderForm {...frame} choice={choice} path={path} given={given} />
      </div>
    </Page>
  );
}

const shownFilesets = 20;

function Preview({ choice: { preview, problem } }: Pick<Props, 'choice'>): VNode {
  if (preview) return <Grouped preview={preview} />;
  return (
    <section class="card">
      <h2>{problem === undefined ? 'OMERO looks at the files' : 'OMERO cannot say what it would import'}</h2>
      <p class="name">
        {problem ?? 'Which of them are images appears here. You need not wait for it: order the import at any time.'}
      </p>
    </section>
  );
}

function Grouped({ preview }: { readonly preview: ImportPreview }): VNode {
  const { files, bytes, filesets, filesetCount, refused, refusedCount } = preview;
  return (
    <>
      <section class="card">
        <h2>
          {counted(filesetCount, 'fileset')} in {counted(files, 'file')}, {formatBytes(bytes)}
        </h2>
        {filesetCount > 0 && (
          <Rows
            label="Filesets"
            columns={[{ title: 'Fileset' }, { title: 'Files', number: true }]}
            rows={filesets.slice(0, shownFilesets).map(({ name, files: count }, at) => ({
              key: String(at),
              cells: [<span class="name">{name}</span>, formatCount(count)],
            }))}
          />
        )}
        {filesetCount > shownFilesets && <p class="small muted">The first {shownFilesets} are shown.</p>}
      </section>
      {refusedCount > 0 && (
        <section class="card">
          <h2>{counted(refusedCount, 'file')} would not be imported</h2>
          <Rows
            label="Not imported"
            columns={[{ title: 'File' }, { title: 'Why' }]}
            rows={refused.slice(0, shownFilesets).map(({ name, code }, at) => ({
              key: String(at),
              cells: [<span class="name">{name}</span>, whys[code] ?? code],
            }))}
          />
        </section>
      )}
    </>
  );
}

const whys: Readonly<Record<string, string>> = {
  IMPORT_LEFT_OUT: 'belongs to no image that OMERO can read',
  IMPORT_NAME_NOT_POSSIBLE: 'OMERO cannot read this name: rename it first',
  NOT_A_REGULAR_FILE: 'is a link, or no file',
};

type FormProps = Pick<Props, 'site' | 'visitor' | 'choice' | 'path' | 'given'>;

function OrderForm({ site, visitor, choice, path, given }: FormProps): VNode {
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
  const { groups, forOthers, transfers } = choice;
  return (
    <form class="side card" method="post" action={site.href('/imports/new')} aria-label="Where it goes">
      {visitor && <Csrf visitor={visitor} />}
      <input type="hidden" name="path" value={path} />
      <label for="target">Into</label>
      <input
        id="target"
        name="target"
        type="text"
        value={text('target')}
        maxLength={1000}
        aria-describedby="target-use"
        required
      />
      <p class="small muted" id="target-use">
        <code>Dataset:5</code> or <code>Screen:3</code> by the number that OMERO.web shows, or{' '}
        <code>Dataset:name:NAME</code>.
      </p>
      {forOthers && (
        <>
          <label for="person">For</label>
          <input
            id="person"
            name="person"
            type="text"
            value={text('person')}
            maxLength={200}
            aria-describedby="person-use"
          />
          <p class="small muted" id="person-use">
            The OMERO login of who will own the images; you, if it is empty.
          </p>
          <label for="group">Group</label>
          <input
            id="group"
            name="group"
            type="text"
            value={text('group')}
            maxLength={300}
            aria-describedby="group-use"
          />
          <p class="small muted" id="group-use">
            Needed for people who are in several.
          </p>
        </>
      )}
      {!forOthers && groups.length > 1 && <Select name="group" title="Group" of={groups} chosen={text('group')} />}
      {transfers.length > 1 && <Select name="transfer" title="Transfer" of={transfers} chosen={text('transfer')} />}
      <label for="name">Name of the images</label>
      <input id="name" name="name" type="text" value={text('name')} maxLength={255} placeholder="As the files" />
      <label for="description">Description</label>
      <textarea id="description" name="description" rows={2} maxLength={10_000}>
        {text('description')}
      </textarea>
      <label for="annotations">Key-value pairs</label>
      <textarea
        id="annotations"
        name="annotations"
        rows={2}
        maxLength={20_000}
        placeholder="Stain=DAPI"
        aria-describedby="annotations-use"
      >
        {text('annotations')}
      </textarea>
      <p class="small muted" id="annotations-use">
        One for each line. The images get them in OMERO.
      </p>
      <button class="primary wide" type="submit">
        Order the import
      </button>
      <p class="small muted">You can sign out afterwards: it goes on without you.</p>
    </form>
  );
}

interface SelectProps {
  readonly name: string;
  readonly title: string;
  readonly of: readonly string[];
  readonly chosen: string;
}

function Select({ name, title, of, chosen }: SelectProps): VNode {
  return (
    <>
      <label for={name}>{title}</label>
      <select id={name} name={name}>
        {of.map((each) => (
          <option value={each} selected={each === chosen}>
            {each}
          </option>
        ))}
      </select>
    </>
  );
}
