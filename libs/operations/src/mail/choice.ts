import { Refused } from '@coldroom/domain';
import { mailChoices, type MailChoice } from '@coldroom/register';
import { emailOf } from '../people/email';
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
  const { address, problem } = emailOf((await register.people.byId(personId)) ?? { email: null });
  return { choice: await register.mailChoices.of(personId), address: problem === null ? address : null };
}

/** Everyone chooses for themselves only. `Refused` `NOT_PERMITTED` for a token, `MAIL_CHOICE_UNKNOWN`. */
export async function chooseMail({ actor: { personId }, register }: Reviewer, wanted: unknown): Promise<void> {
  const choice = mailChoices.find((one) => one === wanted);
  if (!choice)
    throw new Refused('MAIL_CHOICE_UNKNOWN', `There is no such choice of mail; there are ${mailChoices.join(', ')}.`);
  if (personId === null) throw new Refused('NOT_PERMITTED', 'A token gets no mail.');
  await register.mailChoices.set(personId, choice);
}
