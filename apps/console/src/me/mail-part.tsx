import type { VNode } from 'preact';
import type { OwnMail } from '@coldroom/operations';
import type { MailChoice } from '@coldroom/register';
import { Csrf, type Frame } from '../layout/html';

interface Props extends Frame {
  readonly mail: OwnMail;
  readonly saved: boolean;
}

const words: Readonly<Record<MailChoice, readonly [what: string, more: string]>> = {
  atOnce: ['Each mail at once', 'When a request is decided, archived or stuck, and when images come back.'],
  daily: ['One mail a day', 'The same, as one list each morning.'],
  none: ['Only about data loss', 'Nothing else is sent. This page still shows how far everything is.'],
};

/** How much mail someone wants. */
export function MailPart({ site, visitor, mail: { choice, address }, saved }: Props): VNode {
  return (
    <section class="card" id="mail">
      <h2>Mail</h2>
      {saved && <p role="status">Saved. It counts for mail from now on.</p>}
      {address === null ? (
        <p>
          OMERO has no usable e-mail address of you, so you get no mail. Enter one in OMERO, or ask its administrator;
          it counts from the next scan on.
        </p>
      ) : (
        <p>
          Mail goes to <strong class="name">{address}</strong>, the address that OMERO has of you.
        </p>
      )}
      <form method="post" action={site.href('/me/mail')}>
        {visitor && <Csrf visitor={visitor} />}
        <fieldset class="choices">
          <legend>How much mail do you want?</legend>
          {(Object.keys(words) as MailChoice[]).map((each) => (
            <label key={each}>
              <input type="radio" name="choice" value={each} checked={each === choice} />
              <span>
                <strong>{words[each][0]}</strong>
                <span class="small muted">{words[each][1]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <p class="small muted">
          Mail about data loss is always sent at once, also when your originals are removed after their holding time.
        </p>
        <button type="submit">Save</button>
      </form>
    </section>
  );
}
