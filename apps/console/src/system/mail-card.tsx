import type { VNode } from 'preact';
import type { FailedMails } from '@coldroom/operations';
import { counted } from '@coldroom/terminal';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';

type Mails = FailedMails['mails'];

const columns = [{ title: 'Mail' }, { title: 'Why it was not delivered' }, { title: 'Number', number: true }];

export function MailCard({ mail: { mails, next, waiting } }: { readonly mail: FailedMails }): VNode {
  return (
    <section class="card">
      <h2>Mail</h2>
      {waiting > 0 && <p>{waitingWords(waiting)}</p>}
      {mails.length === 0 ? <p class="muted">No mail was refused.</p> : <Failed mails={mails} isMore={next !== null} />}
    </section>
  );
}

function waitingWords(waiting: number): string {
  const verb = waiting === 1 ? 'waits' : 'wait';
  return `${counted(waiting, 'mail')} ${verb} to be sent, and will be tried again for days. If the number does not go down, check the notifier's log and the mail server.`;
}

function Failed({ mails, isMore }: { readonly mails: Mails; readonly isMore: boolean }): VNode {
  const ids = mails.filter(({ address }) => address !== null).map(({ id }) => id);
  return (
    <>
      <p>
        These mails were refused, have no valid address, or may or may not have been sent. Correct the address in OMERO
        or the cause at the mail server.{ids.length > 0 && ' Then have them sent again:'}
      </p>
      {ids.length > 0 && <pre>coldroom mail retry {ids.join(' ')}</pre>}
      <Rows
        label="Mails that were not delivered"
        columns={columns}
        rows={mails.map((mail) => ({
          key: String(mail.id),
          cells: [
            <>
              <span class="name">{mail.address ?? mail.recipient}</span>{' '}
              <span class="muted">
                {mail.template}, <When at={mail.createdAt} />
              </span>
            </>,
            <>
              {mail.state === 'unsure' ? 'It is not known whether it was sent.' : mail.answer}{' '}
              {mail.code !== null && <span class="code">{mail.code}</span>}
            </>,
            String(mail.id),
          ],
        }))}
      />
      {isMore && (
        <p class="muted">
          There are older ones: <span class="code">coldroom mail list --state refused</span>
        </p>
      )}
    </>
  );
}
