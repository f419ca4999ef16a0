import type { VNode } from 'preact';
import type { Overview } from '@coldroom/operations';
import type { RequestSummary } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { StateBadge, When } from '../layout/parts';
import { Stuck } from './stuck';
import { Switches } from './switches';

interface Props extends Frame {
  readonly overview: Overview;
}

export function OverviewPage({ overview, ...frame }: Props): VNode {
  const { waiting, running, stages, stuck, lastScan } = overview;
  return (
    <Page {...frame} section="overview" title="Overview">
      <h1>{headline(overview)}</h1>
      <Requests {...frame} title="Waiting for a decision" requests={waiting} />
      <Requests {...frame} title="Being archived" requests={running} />
      {stages !== null && stages.length > 0 && <Stages stages={stages} />}
      {stuck !== null && stuck.length > 0 && <Stuck stuck={stuck} />}
      <Switches {...frame} overview={overview} />
      <p class="small muted">
        {lastScan?.finishedAt ? (
          <>
            OMERO was last scanned <When at={lastScan.finishedAt} />
            {lastScan.failed === null ? '' : `, and the scan failed: ${lastScan.failed}`}.
          </>
        ) : (
          'OMERO has not been scanned yet.'
        )}
      </p>
    </Page>
  );
}

function headline({ waiting, running, stuck, stopped }: Overview): string {
  if (stopped?.some(({ name }) => name === 'all')) return 'Everything is stopped';
  if (waiting.length > 0)
    return waiting.length === 1 ? '1 request waits for a decision' : `${waiting.length} requests wait for a decision`;
  if (stuck !== null && stuck.length > 0) return 'Some files are stuck';
  return running.length > 0 ? 'Archiving is under way' : 'Nothing waits, and nothing is under way';
}

interface RequestsProps extends Frame {
  readonly title: string;
  readonly requests: readonly RequestSummary[];
}

function Requests({ site, title, requests }: RequestsProps): VNode | null {
  if (requests.length === 0) return null;
  return (
    <section class="card scroll">
      <h2>{title}</h2>
      <table>
        <thead>
          <tr>
            <th>Request</th>
            <th>State</th>
            <th>Group</th>
            <th class="n">Archived</th>
            <th class="n">Size</th>
            <th>Asked</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={String(request.id)}>
              <td>
                <a href={site.href(`/requests/${request.id}`)}>
                  {String(request.id)} {request.requester}
                </a>
              </td>
              <td>
                <StateBadge state={request.state} />
              </td>
              <td class="name">{request.group}</td>
              <td class="n">
                {formatCount(request.linked)} of {formatCount(request.files)} files
              </td>
              <td class="n">{formatBytes(request.bytes)}</td>
              <td>
                <When at={request.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
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

function Stages({ stages }: { readonly stages: NonNullable<Overview['stages']> }): VNode {
  return (
    <section class="card scroll">
      <h2>What the services work on</h2>
      <table>
        <thead>
          <tr>
            <th>Files</th>
            <th class="n">Number</th>
            <th class="n">Size</th>
            <th class="n">Bags in work</th>
          </tr>
        </thead>
        <tbody>
          {stages.map(({ state, files, bytes, bags, claimed }) => (
            <tr key={state}>
              <td>{next[state] ?? state}</td>
              <td class="n">{formatCount(files)}</td>
              <td class="n">{formatBytes(bytes)}</td>
              <td class="n">
                {formatCount(claimed)} of {formatCount(bags)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
