import type { VNode } from 'preact';
import { Page, type Frame } from '../layout/html';

export function QueuesPage(frame: Frame): VNode {
  return (
    <Page {...frame} section="queues" title="Queues">
      <h1>Queues</h1>
      <p>
        Queues only deliver. The register decides what is done: a job that is lost or removed here is offered again, and
        no work is lost with it.
      </p>
      <iframe class="board" title="Bull Board" src={frame.site.href('/queues/board')} />
    </Page>
  );
}
