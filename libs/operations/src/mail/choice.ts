import { Refused } from '@coldroom/domain';
import { isAddress } from '@coldroom/mail';
import { mailChoices, type MailChoice } from '@coldroom/register';
import type { Reviewer } from '../requests/review';

/** What a person sees about their own mail. */
export interface OwnMail {
  readonly choice: MailChoice;
  /** OMERO's e-mail address of this person; null if nothing can be sent to it. */
  readonly address: string | null;
}

/** Null for a token: it gets no mail. */
export async function ownMail({ actor: { personId }, register }: Reviewer): Promise<OwnMail | null> {
  if (personId === null) return null;
  const email = (await register.people.byId(personId))?.email?.trim() ?? '';
  return { choice: await register.mailChoices.of(personId), address: isAddress(email) ? email : null };
}

/** Everyone chooses for themselves only. `Refused` `NOT_PERMITTED` for a token, `MAIL_CHOICE_UNKNOWN`. */
export async function chooseMail({ actor: { personId }, register }: Reviewer, wanted: unknown): Promise<void> {
  const choice = mailChoices.find((one) => one === wanted);
  if (!choice)
    throw new Refused('MAIL_CHOICE_UNKNOWN', `There is no such choice of mail; there are ${mailChoices.join(', ')}.`);
  if (personId === null) throw new Refused('NOT_PERMITTED', 'A token gets no mail.');
  await register.mailChoices.set(personId, choice);
}
