import { randomUUID } from 'node:crypto';
import { mailboxOf, Sender, Templates } from '@coldroom/mail';
import type { Settings } from '@coldroom/runtime';

/** Sends one mail to see whether the settings work; past the outbox. Returns what the server answered. */
export async function sendTestMail(settings: Settings<'mail'>, address: string): Promise<string> {
  const to = mailboxOf('The command', address);
  const from = mailboxOf('MAIL_FROM', settings.MAIL_FROM);
  for (const admin of settings.MAIL_ADMINS) mailboxOf('MAIL_ADMINS', admin);
  const templates = new Templates({
    directory: settings.MAIL_TEMPLATES,
    subjectPrefix: settings.MAIL_SUBJECT_PREFIX,
  });
  const link = settings.COLDROOM_URL;
  return new Sender({ url: settings.SMTP_URL, from }).send({
    ...(await templates.render('test', { address: to.address, ...(link === undefined ? {} : { link }) })),
    to,
    messageId: `test-${randomUUID()}`,
    date: new Date(),
  });
}
