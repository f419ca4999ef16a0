import type { Facts, MailEvent, MailPlan, MailTopic, NewMail, Recipient } from '@coldroom/register';
import type { TemplateName } from '@coldroom/mail';

/** Some events, and the mails that follow from them. */
export interface Topic extends MailTopic {
  plan(events: readonly MailEvent[]): Promise<MailPlan>;
}

/** The same mail for several people, each addressed by name. */
export function mailTo(
  recipients: readonly Recipient[],
  { reason, template, facts }: { readonly reason: string; readonly template: TemplateName; readonly facts: Facts },
): readonly NewMail[] {
  return recipients.map((recipient) => ({
    reason,
    template,
    recipient,
    facts: { ...facts, name: recipient.name ?? recipient.address },
  }));
}

export const idsOf = (events: readonly MailEvent[]): readonly bigint[] => events.map(({ id }) => id);
