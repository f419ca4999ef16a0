import { isAlwaysSent, type TemplateName } from '@coldroom/mail';
import type { Facts, MailEvent, MailPlan, MailTopic, NewMail, PendingEvents, Recipient } from '@coldroom/register';

/** Some events, and the mails that follow from them. */
export interface Topic extends MailTopic {
  plan(events: readonly MailEvent[], all: PendingEvents): Promise<MailPlan>;
}

/** The same mail for several people. */
export function mailTo(
  recipients: readonly Recipient[],
  { reason, template, facts }: { readonly reason: string; readonly template: TemplateName; readonly facts: Facts },
): readonly NewMail[] {
  return recipients.map((recipient) => ({ reason, template, recipient, facts, always: isAlwaysSent(template) }));
}

export const idsOf = (events: readonly MailEvent[]): readonly bigint[] => events.map(({ id }) => id);
