import type { VNode } from 'preact';
import type { Review } from '@coldroom/operations';
import { counted, formatBytes } from '@coldroom/terminal';
import { Csrf, type Frame } from '../layout/html';
import { approveForm, isChoosing } from './included';
import { StoreToUse } from './store-to-use';

interface Props extends Frame {
  readonly review: Review;
}

/** One main action, named by its effect and its size; null for those who may not decide. */
export function Decision(props: Props): VNode | null {
  const { visitor, review } = props;
  const { permitted, request } = review;
  const mayDecline = permitted.includes('decline');
  const mayApprove = permitted.includes('approve') && request.objectionsUntil === null;
  // Who may decline gives a reason instead.
  const mayWithdraw = permitted.includes('withdraw') && !mayDecline;
  if (!visitor || (!mayApprove && !mayDecline && !mayWithdraw)) return null;
  return (
    <aside class="side card" aria-label="Decision">
      <h2>
        {mayApprove || mayDecline ? 'Your decision' : request.policyTitle ? 'Do you object?' : 'Changed your mind?'}
      </h2>
      {mayApprove && <Approve {...props} />}
      {mayDecline && <Decline {...props} />}
      {mayWithdraw && <Withdraw {...props} />}
    </aside>
  );
}

function Approve({ site, visitor, review }: Props): VNode {
  const { request, taken } = review;
  const choosing = isChoosing(review);
  return (
    <form id={approveForm} method="post" action={site.href(`/requests/${request.id}/approve`)}>
      {visitor && <Csrf visitor={visitor} />}
      <input type="hidden" name="revision" value={request.revision} />
      {choosing && <input type="hidden" name="choosing" value="true" />}
      <StoreToUse stores={review.stores} />
      <button class="primary wide" type="submit">
        {choosing
          ? 'Approve the filesets ticked'
          : `Approve ${counted(taken.filesets, 'fileset')}, ${formatBytes(request.bytes)}`}
      </button>
      <p class="small muted">
        {choosing && `All ${taken.filesets} filesets are ${formatBytes(request.bytes)}. `}
        The originals are kept beside their links for a while. Until they are removed, an administrator can put them
        back at once.
      </p>
    </form>
  );
}

function Decline({ site, visitor, review: { request, names } }: Props): VNode {
  return (
    <details>
      <summary class="button wide">Decline…</summary>
      <form method="post" action={site.href(`/requests/${request.id}/decline`)}>
        {visitor && <Csrf visitor={visitor} />}
        <input type="hidden" name="revision" value={request.revision} />
        <label for="reason">Why it is declined</label>
        <textarea id="reason" name="reason" rows={3} maxLength={1000} aria-describedby="reason-use" required />
        <p class="small muted" id="reason-use">
          {request.policyTitle === null ? names.requester : names.owner} reads this. Nothing is changed in OMERO but the
          marks, which are removed.
        </p>
        <button class="danger" type="submit">
          Decline the request
        </button>
      </form>
    </details>
  );
}

function Withdraw({ site, visitor, review: { request } }: Props): VNode {
  return (
    <form method="post" action={site.href(`/requests/${request.id}/withdraw`)}>
      {visitor && <Csrf visitor={visitor} />}
      <input type="hidden" name="revision" value={request.revision} />
      <button class="danger wide" type="submit">
        {request.policyTitle === null ? 'Withdraw the request' : 'Object'}
      </button>
      <p class="small muted">
        {request.policyTitle === null
          ? 'Nothing is archived. The marks in OMERO are removed; you can mark the images again later.'
          : 'Nothing of it is archived. To keep images out of every proposal, mark them by the script Keep_Images in OMERO.'}
      </p>
    </form>
  );
}
