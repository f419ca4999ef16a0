import type { VNode } from 'preact';
import type { NewestRequests, Overview } from '@coldroom/operations';
import type { Held } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { Day, When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { PaceBar, Part, type Live } from '../live/live';
import type { PaceNow } from '../live/paces';
import { RequestsTable } from '../requests/requests-table';
import { Stores } from './stores';
import { Stuck } from './stuck';
import { Switches } from './switches';

interface Props extends Frame {
  readonly overview: Overview;
  /** Where something is under way that the visitor may see. */
  readonly pace?: PaceNow | undefined;
  readonly live: Live;
}

export function OverviewPage({ overview, pace, live, ...frame }: Props): VNode {
  const { waiting, running, stages, stuck, stores, held, lastScan } = overview;
  return (
    <Page {...frame} section="overview" title="Overview" live={live}>
      <Part name="headline">
        <h1>{headline(overview)}</h1>
      </Part>
      <Part name="requests">
        <Newest {...frame} title="Waiting for a decision" of={waiting} all="/requests?state=New" />
        <Newest {...frame} title="Being archived" of={running} all="/requests" />
      </Part>
      <Part name="work">
        {stages !== null && stages.length > 0 && <Stages stages={stages} pace={pace} />}
        {stuck !== null && stuck.length > 0 && <Stuck stuck={stuck} />}
      </Part>
      {stores !== null && stores.length > 0 && (
        <Part name="stores">
          <Stores {...frame} stores={stores} />
        </Part>
      )}
      {held !== null && held.files > 0 && (
        <Part name="held">
          <HeldOriginals held={held} />
        </Part>
      )}
      <Part name="switches">
        <Switches {...frame} overview={overview} />
      </Part>
      <Part name="scan">
        <LastScan scan={lastScan} />
      </Part>
    </Page>
  );
}

interface NewestProps extends Pick<Frame, 'site'> {
  readonly title: string;
  readonly of: NewestRequests;
  /** The list that has all of them. */
  readonly all: string;
}

function Newest({ site, title, of: { newest, totals }, all }: NewestProps): VNode | null {
  if (totals.requests === 0) return null;
  const next = totals.requests > newest.length ? all : undefined;
  return <RequestsTable site={site} title={title} requests={newest} totals={totals} next={next} />;
}

function HeldOriginals({ held: { files, bytes, from, until } }: { readonly held: Held }): VNode {
  return (
    <section class="card">
      <h2>Held originals</h2>
      <p>
        {counted(files, 'original')}, {formatBytes(bytes)}, are still there beside their links, so that an undo takes
        moments.{' '}
        {from && until && (
          <>
            The first are released <Day at={from} />, the last <Day at={until} />.
          </>
        )}
      </p>
    </section>
  );
}

function LastScan({ scan }: { readonly scan: Overview['lastScan'] }): VNode {
  if (!scan?.finishedAt) return <p class="small muted">OMERO has not been scanned yet.</p>;
  return (
    <p class="small muted">
      OMERO was last scanned <When at={scan.finishedAt} />
      {scan.failed === null ? '' : `, and the scan failed: ${scan.failed}`}.
    </p>
  );
}

function headline({ waiting, running, stuck, stopped }: Overview): string {
  if (stopped?.some(({ name }) => name === 'all')) return 'Everything is stopped';
  const waits = waiting.totals.requests;
  if (waits > 0)
    return waits === 1 ? '1 request waits for a decision' : `${formatCount(waits)} requests wait for a decision`;
  if (stuck !== null && stuck.length > 0) return 'Some files are stuck';
  return running.totals.requests > 0 ? 'Archiving is under way' : 'Nothing waits, and nothing is under way';
}

/** What happens to a bag next, by its state. */
const next: Readonly<Record<string, string>> = {
  approved: 'to be hashed',
  hashed: 'to be copied',
  copied: 'to be read back and compared',
  verified: 'to be sealed, and waiting until the store calls them durable',
  sealed: 'to be linked',
  undoing: 'to be put back',
  retrieving: 'to be brought online by the store',
  online: 'to be fetched',
  fetched: 'to be compared after the fetch',
  fetchVerified: 'to be put in place',
  moving: 'to be copied to another store',
  moveCopied: 'to be compared in the other store',
  moveVerified: 'to be sealed in the other store',
  moveSealed: 'to be linked to the other store',
};

const order = Object.keys(next);

const columns = [
  { title: 'Files' },
  { title: 'Number', number: true },
  { title: 'Size', number: true },
  { title: 'Bags in work', number: true },
];

interface StagesProps {
  readonly stages: NonNullable<Overview['stages']>;
  readonly pace: PaceNow | undefined;
}

function Stages({ stages, pace }: StagesProps): VNode {
  return (
    <section class="card">
      <h2>What the services work on</h2>
      {pace && <PaceBar pace={pace} />}
      <Rows
        label="What the services work on"
        columns={columns}
        rows={[...stages]
          .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state))
          .map(({ state, files, bytes, bags, claimed }) => ({
            key: state,
            cells: [
              next[state] ?? state,
              formatCount(files),
              formatBytes(bytes),
              `${formatCount(claimed)} of ${formatCount(bags)}`,
            ],
          }))}
      />
    </section>
  );
}
