import type { VNode } from 'preact';
import type { RetrievalFor } from '@coldroom/operations';
import type { RetrievalSummary } from '@coldroom/register';
import { Page, type Frame } from '../layout/html';
import { defaultDays } from './input';
import { Plan } from './plan';
import { RetrievalsTable } from './retrievals-table';

interface Props extends Frame {
  readonly query: Readonly<Record<string, unknown>>;
  readonly planned?: RetrievalFor | undefined;
  readonly problem?: string | undefined;
  /** One more than a page, if there are more. */
  readonly retrievals: readonly RetrievalSummary[];
  readonly pageSize: number;
}

export function AskBackPage({ query, planned, problem, retrievals, pageSize, ...frame }: Props): VNode {
  const shown = retrievals.slice(0, pageSize);
  return (
    <Page {...frame} section="retrievals" title="Bring back">
      <h1>Bring images back</h1>
      {problem !== undefined && (
        <section class="card problem" role="alert">
          <h2>This could not be completed</h2>
          <p class="name">{problem}</p>
        </section>
      )}
      <div class="cols">
        <div class="stack">
          {planned && <Plan {...frame} planned={planned} what={textOf(query, 'what')} />}
          {!planned && shown.length === 0 && <Nothing />}
          {!planned && shown.length > 0 && <RetrievalsTable {...frame} retrievals={shown} />}
          {!planned && retrievals.length > pageSize && (
            <p>
              <a class="button" rel="next" href={frame.site.href(`/ask-back?before=${shown.at(-1)?.id}`)}>
                Older retrievals
              </a>
            </p>
          )}
        </div>
        <WishForm {...frame} query={query} />
      </div>
    </Page>
  );
}

const textOf = (query: Props['query'], name: string): string => (typeof query[name] === 'string' ? query[name] : '');

function WishForm({ site, query }: Pick<Props, 'site' | 'query'>): VNode {
  const isRecall = query['way'] === 'recall';
  return (
    <form class="side card" method="get" action={site.href('/ask-back')} aria-label="What to bring back">
      <label for="what">What to bring back</label>
      <textarea id="what" name="what" rows={3} aria-describedby="what-use" required>
        {textOf(query, 'what')}
      </textarea>
      <p class="small muted" id="what-use">
        Numbers of images as OMERO.web shows them, or <code>Dataset:4</code>, <code>Project:2</code>,{' '}
        <code>Plate:5</code>, <code>Screen:6</code>, <code>Fileset:9</code>, <code>Request:3</code>.
      </p>
      <fieldset>
        <legend>For how long</legend>
        <label class="choice">
          <input type="radio" name="way" value="restore" checked={!isRecall} /> To stay: back in OMERO as before
        </label>
        <label class="choice">
          <input type="radio" name="way" value="recall" checked={isRecall} /> For some days: it stays archived
        </label>
        <label for="days">Days</label>
        <input
          id="days"
          name="days"
          type="text"
          inputMode="numeric"
          pattern="[0-9]{1,4}"
          value={textOf(query, 'days') || String(defaultDays)}
        />
      </fieldset>
      <button class="primary wide" type="submit">
        Show what this means
      </button>
      <p class="small muted">Nothing is changed yet.</p>
    </form>
  );
}

function Nothing(): VNode {
  return (
    <section class="card empty">
      <h2>Nothing was brought back yet</h2>
      <p>Name archived images, and see first what comes along and how long it takes.</p>
    </section>
  );
}
