import type { VNode } from 'preact';
import type { SystemReport } from '@coldroom/operations';
import { formatCount } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { Rows } from '../layout/rows';

interface Props extends Frame {
  readonly queues: SystemReport['queues'];
  readonly fault: string | null;
  readonly seesQueues: boolean;
}

const columns = [
  { title: 'Stage' },
  { title: 'Waiting', number: true },
  { title: 'Active', number: true },
  { title: 'Failed', number: true },
];

export function QueuesCard({ site, queues, fault, seesQueues }: Props): VNode {
  return (
    <section class="card">
      <h2>Queues</h2>
      <p>
        Queues only deliver. The register decides what is done: a job that is lost or removed is offered again, and no
        work is lost with it.
      </p>
      {queues === null ? (
        <p class="alert">
          {fault}. Start Redis, or correct REDIS_URL. The services continue by themselves when it answers.
        </p>
      ) : (
        <Rows
          label="Jobs by stage"
          columns={columns}
          rows={queues.map(({ stage, waiting, active, failed }) => ({
            key: stage,
            cells: [stage, formatCount(waiting), formatCount(active), formatCount(failed)],
          }))}
        />
      )}
      {seesQueues && (
        <p>
          <a class="button" href={site.href('/queues')}>
            Look at the jobs
          </a>
        </p>
      )}
    </section>
  );
}
