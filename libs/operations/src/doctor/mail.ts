import { messageOf } from '@coldroom/domain';
import { mailboxOf, Sender, smtpAdvice, smtpOptions, Templates } from '@coldroom/mail';
import { readSettings, SettingsError, type Settings } from '@coldroom/runtime';
import { examine, fault, ok, warning, type Finding } from './findings';

const about = 'mail';
const limits = { connectMs: 10_000, silenceMs: 10_000 };

/** Whether mail can be sent, as far as that can be known without sending any. */
export async function examineMail(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  if (!env['SMTP_URL'] && !env['SMTP_URL_FILE'])
    return [ok(about, 'is off: SMTP_URL is not set, so no one gets mail (docs/mail.md)')];
  let settings: Settings<'mail'>;
  try {
    settings = readSettings(['mail'], env);
    smtpOptions(settings.SMTP_URL);
    mailboxOf('MAIL_FROM', settings.MAIL_FROM);
    for (const admin of settings.MAIL_ADMINS) mailboxOf('MAIL_ADMINS', admin);
  } catch (error) {
    const faults = error instanceof SettingsError ? error.faults : [messageOf(error)];
    return faults.map((text) => fault(about, text, 'correct it: the notifier does not start before'));
  }
  const found = await Promise.all([
    examine(about, () => examineServer(settings)),
    examine('mail templates', () => examineTemplates(settings)),
  ]);
  return [
    ...found.flat(),
    ...(settings.COLDROOM_URL === undefined
      ? [warning(about, 'has no links: COLDROOM_URL is not set', 'set it to the address of the console')]
      : []),
  ];
}

async function examineServer({ SMTP_URL, MAIL_FROM }: Settings<'mail'>): Promise<Finding> {
  const { hostname, port, username, protocol } = new URL(SMTP_URL);
  const server = `${hostname}:${port || (protocol === 'smtps:' ? 465 : 587)}`;
  try {
    await new Sender({ url: SMTP_URL, from: mailboxOf('MAIL_FROM', MAIL_FROM), limits }).check();
  } catch (error) {
    const { cause } = error as Error;
    return fault(about, `${server} cannot be used: ${messageOf(error)}`, smtpAdvice(cause));
  }
  return ok(
    about,
    `${server} answers${username === '' ? '' : ' and accepts the password'}; "coldroom mail test ADDRESS" sends a mail`,
  );
}

async function examineTemplates({ MAIL_TEMPLATES: directory }: Settings<'mail'>): Promise<readonly Finding[]> {
  if (directory === undefined) return [];
  const faults = await new Templates({ directory }).faults();
  if (faults.length === 0) return [ok('mail templates', `those in ${directory} can be used`)];
  return faults.map((text) =>
    warning('mail templates', `${text}; Coldroom's own is used`, `correct it in ${directory}`),
  );
}
