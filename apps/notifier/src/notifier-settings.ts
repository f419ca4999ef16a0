import { mailboxOf, type Mailbox } from '@coldroom/mail';
import type { ReportOrder, RoleSettings } from '@coldroom/operations';
import type { Settings } from '@coldroom/runtime';

export const notifierParts = ['register', 'redis', 'mail', 'rights', 'backupAge'] as const;
export type NotifierSettings = Settings<(typeof notifierParts)[number] | 'service'>;

/** A report that is sent to addresses, once in each period. */
export interface ReportMail {
  readonly every: 'daily' | 'weekly' | 'monthly';
  readonly order: ReportOrder;
  readonly to: readonly Mailbox[];
}

/** Who gets mail beside the people that a request names, and where links lead. */
export interface Site {
  readonly administrators: readonly Mailbox[];
  readonly roles: RoleSettings;
  /** The console's address; without one, mails have no links. */
  readonly url: string | undefined;
  /** OMERO.web's address, for links to what was imported. */
  readonly omeroWeb?: string | undefined;
  /** How late a service may report before administrators hear of it. */
  readonly silenceMs: number;
  /** After how long without a new dump administrators hear of it. */
  readonly backupOldMs: number;
  /** Which reports are sent to whom. */
  readonly reports?: readonly ReportMail[];
  /** When daily digests are sent: `07:00`. */
  readonly digestAt: string;
}

export const NOTIFIER_SITE = Symbol('site');

/** `Refused` `MAIL_ADDRESS_INVALID` for addresses in the settings to which nothing can be sent. */
export function siteOf(settings: NotifierSettings): Site {
  return {
    administrators: settings.MAIL_ADMINS.map((text) => mailboxOf('MAIL_ADMINS', text)),
    roles: {
      managers: settings.COLDROOM_MANAGERS,
      administrators: settings.COLDROOM_ADMINISTRATORS,
      auditors: settings.COLDROOM_AUDITORS,
    },
    url: settings.COLDROOM_URL,
    omeroWeb: settings.OMERO_WEB_PUBLIC_URL,
    silenceMs: settings.COLDROOM_SILENCE,
    backupOldMs: settings.COLDROOM_BACKUP_OLD,
    digestAt: settings.MAIL_DIGEST_AT,
    reports: settings.MAIL_REPORTS.map(({ every, report, rows, addresses }) => ({
      every,
      order: { name: report, rows },
      to: addresses.map((text) => mailboxOf('MAIL_REPORTS', text)),
    })),
  };
}
