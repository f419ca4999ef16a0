import type { VNode } from 'preact';
import type { Overview } from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { PaceBar, Part, type Live } from '../live/live';
import type { PaceNow } from '../live/paces';
import { RequestsTable } from '../requests/requests-table';
import { Stuck } from './stuck';
import { Switches } from './switches';

interface Props extends Frame {
  readonly overview: Overview;
  /** Where something is under way that the visitor may see. */
  readonly pace?: PaceNow | undefined;
  readonly live: Live;
}

export function OverviewPage({ overview, pace, live, ...frame }: Props): VNode {
  const { waiting, running, stages, stuck, lastScan } = overview;
  return (
    <Page {...frame} section="overview" title="Overview" live={live}>
      <Part name="headline">
        <h1>{headline(overview)}</h1>
      </Part>
      <Part name="requests">
        {waiting.length > 0 && <RequestsTable {...frame} title="Waiting for a decision" requests={waiting} />}
        {running.length > 0 && <RequestsTable {...frame} title="Being archived" requests={running} />}
      </Part>
      <Part name="work">
        {stages !== null && stages.length > 0 && <Stages stages={stages} pace={pace} />}
        {stuck !== null && stuck.length > 0 && <Stuck stuck={stuck} />}
      </Part>
      <Part name="switches">
        <Switches {...frame} overview={overview} />
      </Part>
      <Part name="scan">
        <LastScan scan={lastScan} />
      </Part>
    </Page>
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
  if (waiting.length > 0)
    return waiting.length === 1 ? '1 request waits for a decision' : `${waiting.length} requests wait for a decision`;
  if (stuck !== null && stuck.length > 0) return 'Some files are stuck';
  return running.length > 0 ? 'Archiving is under way' : 'Nothing waits, and nothing is under way';
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
