import type { VNode } from 'preact';
import type { OwnMail, OwnRequest, Stay } from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Csrf, Page, type Frame } from '../layout/html';
import { StateBadge, When } from '../layout/parts';
import type { Visitor } from '../sign-in/visitors';
import { MailPart } from './mail-part';

interface Props extends Frame {
  readonly requests: readonly OwnRequest[];
  readonly mail: OwnMail | null;
  /** A choice of mail was saved just now. */
  readonly saved: boolean;
}

/** Where files are, for whoever owns the images. */
export const words: Readonly<Record<Stay, string>> = {
  waiting: 'waiting for a decision; nothing has been touched',
  copying: 'being copied and compared; OMERO works as always',
  copied: 'copied; the links follow',
  archived: 'safe in the archive',
  returning: 'being brought back into OMERO',
  online: 'available for a limited time',
  back: 'back in OMERO',
  stuck: 'blocked; nothing is lost, and an administrator looks after it',
  untouched: 'not archived; where they always were',
};

export function MePage({ requests, mail, saved, ...frame }: Props): VNode {
  return (
    <Page {...frame} section="me" title="My images">
      <h1>My images</h1>
      {requests.length === 0 && (
        <section class="card">
          <p>
            You have no requests. Mark images in OMERO to have them archived: the next scan makes a request of them,
            which then appears here.
          </p>
        </section>
      )}
      {requests.map((own) => (
        <One {...frame} own={own} />
      ))}
      {frame.visitor?.signOut === 'everywhere' && <Sessions site={frame.site} visitor={frame.visitor} />}
      {mail && <MailPart {...frame} mail={mail} saved={saved} />}
    </Page>
  );
}

function Sessions({ site, visitor }: Frame & { readonly visitor: Visitor }): VNode {
  return (
    <section class="card">
      <h2>Your sessions</h2>
      <form method="post" action={site.href('/sign-out-everywhere')}>
        <Csrf visitor={visitor} />
        <p class="muted">This ends your sessions of Coldroom in all browsers, this one included.</p>
        <button type="submit">Sign out everywhere</button>
      </form>
    </section>
  );
}

function One({ site, own: { request, files } }: Frame & { readonly own: OwnRequest }): VNode {
  return (
    <section class="card">
      <h2>
        <a href={site.href(`/requests/${request.id}`)}>Request {String(request.id)}</a>{' '}
        <span class="small muted">
          {formatCount(request.markedImages)} images of {request.group}, <When at={request.createdAt} />
        </span>
      </h2>
      <StateBadge state={request.state} />
      <ul class="plain">
        {files.map(({ stay, files: count, bytes }) => (
          <li key={stay}>
            <strong>
              {formatCount(count)} {count === 1 ? 'file' : 'files'}, {formatBytes(bytes)}
            </strong>{' '}
            {words[stay]}
          </li>
        ))}
      </ul>
      {request.reason !== null && <p class="name">Reason: {request.reason}</p>}
    </section>
  );
}
