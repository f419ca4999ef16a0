import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { reportMails } from './report-mails';
import { parseDuration } from './durations';
import { isNetwork, namesSentinels } from './networks';

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });
const directory = z.string().refine(isAbsolute, { message: 'must be an absolute path' });
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 30s, 5m, 12h, 7d or 0' });
  return z.NEVER;
});
const whole = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      message: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

const flag = z.enum(['true', 'false'], { message: 'must be true or false' }).transform((text) => text === 'true');
/** Names separated by commas. */
const names = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** Browsers write these themselves, so none of them can name who was signed in. */
const ordinaryHeaders = ['authorization', 'cookie', 'host', 'origin', 'referer', 'user-agent'];
const header = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header: letters, digits and -')
  .transform((name) => name.toLowerCase())
  .refine((name) => !ordinaryHeaders.includes(name), { message: 'must not be a header that browsers send' });
const networks = names.refine((all) => all.every(isNetwork), {
  message: 'must be IP addresses or networks such as 10.1.0.0/16, separated by commas',
});
/** For 10^12 bytes and a year. */
const price = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,2})? [A-Z]{3}$/, 'must be an amount and a currency, such as 250 EUR')
  .transform((text) => ({ perTBYear: Number(text.slice(0, -4)), currency: text.slice(-3) }));
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 07:00');
/** How many dumps of each kind are kept: `7/4/12`. */
const kept = z
  .string()
  .regex(/^[1-9]\d{0,3}\/\d{1,4}\/\d{1,4}$/, 'must be days, weeks and months such as 7/4/12, with at least one day')
  .transform((text) => {
    const [daily = 0, weekly = 0, monthly = 0] = text.split('/').map(Number);
    return { daily, weekly, monthly };
  });
/** libs/mail reads it closely; this finds what is not an address at all. */
const mailbox = z.string().regex(/^[^\r\n@]+@[^\s@]+$/, 'must be an address, or Name <address>');

/** The settings by their purpose; an app reads only the parts it needs. docs/configure.md explains each key. */
export const parts = {
  register: z.object({ REGISTER_DATABASE_URL: url('postgres:', 'postgresql:') }),
  omero: z.object({
    OMERO_DATABASE_URL: url('postgres:', 'postgresql:'),
    OMERO_MANAGED_REPOSITORY: z.string().optional(),
    OMERO_BIOFORMATS_VERSION: z
      .string()
      .regex(/^\d{1,3}(\.\d{1,3}){1,2}$/, 'must be a version of Bio-Formats such as 6.14.0')
      .optional(),
  }),
  originals: z.object({
    OMERO_DATA_DIR: directory,
    COLDROOM_HOLD_DIRS: z
      .string()
      .transform((text) => text.split(':').filter((part) => part !== ''))
      .refine((paths) => paths.every(isAbsolute), { message: 'must be absolute paths, separated by :' })
      .optional(),
  }),
  redis: z.object({
    REDIS_URL: url('redis:', 'rediss:', 'unix:').refine(namesSentinels, {
      message: 'must name its sentinels as host:port, separated by commas',
    }),
    COLDROOM_QUEUE_PREFIX: z
      .string()
      .regex(/^[\w-]+$/, 'may hold letters, digits, - and _')
      .default('coldroom'),
  }),
  stores: z.object({ COLDROOM_STORES: directory }),
  imports: z.object({ COLDROOM_IMPORTS: directory, COLDROOM_IMPORT_STABLE: duration.default(120_000) }),
  importer: z.object({
    IMPORT_OMERO_DATABASE_URL: url('postgres:', 'postgresql:'),
    IMPORT_OMERO_HOST: z.string().regex(/^[\w.:-]+$/, 'must be a host name or an address'),
    IMPORT_OMERO_PORT: whole(1, 65_535).default(4064),
    IMPORT_OMERO_USER: z.string().min(1),
    IMPORT_OMERO_PASSWORD: z.string().min(1),
    IMPORT_OMERO_COMMAND: directory,
    IMPORT_OMERO_CLIENT_DIR: directory,
    IMPORT_STATE_DIR: directory,
    IMPORT_LATE_IMAGES: duration.default(7_200_000),
    IMPORT_RETRY_PAUSES: z
      .string()
      .transform((text, context) => {
        const pauses = text.split(',').map((part) => parseDuration(part.trim()));
        if (pauses.every((ms) => ms !== undefined)) return pauses;
        context.addIssue({ code: 'custom', message: 'must be durations separated by commas, such as 10m,10m,2h,24h' });
        return z.NEVER;
      })
      .default([600_000, 600_000, 7_200_000, 86_400_000]),
    IMPORT_SESSION: duration.refine((ms) => ms >= 60_000, { message: 'must be at least 1m' }).default(7 * 86_400_000),
    IMPORT_SILENCE: duration.refine((ms) => ms >= 10_000, { message: 'must be at least 10s' }).default(3_600_000),
    IMPORT_KEEP_LOGS: duration
      .refine((ms) => ms >= 86_400_000, { message: 'must be at least 1d' })
      .default(15 * 86_400_000),
    IMPORT_NICE: whole(0, 19).default(10),
    IMPORT_IO: z.enum(['normal', 'low', 'idle'], { message: 'must be normal, low or idle' }).default('low'),
    IMPORT_JAVA_MEMORY: whole(128, 1_048_576).default(1024),
    IMPORT_CHECKSUM_ALGORITHM: z
      .enum(['SHA1-160', 'MD5-128', 'Murmur3-128', 'Murmur3-32', 'CRC-32', 'Adler-32', 'File-Size-64'])
      .default('SHA1-160'),
    IMPORT_SKIP: names
      .refine((all) => all.every((step) => ['checksum', 'minmax', 'thumbnails', 'upgrade'].includes(step)), {
        message: 'may have checksum, minmax, thumbnails and upgrade, separated by commas',
      })
      .default(['upgrade']),
  }),
  /** For a program that does other work where nothing is imported. */
  importWatch: z.object({
    COLDROOM_IMPORT_WATCH_EVERY: duration
      .refine((ms) => ms >= 1000, { message: 'must be at least 1s' })
      .default(60_000),
    COLDROOM_IMPORT_LOOK_AGAIN: duration.default(30 * 86_400_000),
  }),
  policiesFile: z.object({ COLDROOM_POLICIES: directory }),
  policiesDatabase: z.object({ POLICIES_OMERO_DATABASE_URL: url('postgres:', 'postgresql:') }),
  /** For a program that does other work where there are none. */
  policiesIfAny: z.object({
    COLDROOM_POLICIES: directory.optional(),
    POLICIES_OMERO_DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  }),
  importsIfAny: z.object({ COLDROOM_IMPORTS: directory.optional() }),
  /** For a program that reads neither, and can say more where it knows them. */
  places: z.object({ OMERO_DATA_DIR: directory.optional(), COLDROOM_STORES: directory.optional() }),
  hold: z.object({ COLDROOM_HOLD: duration }),
  fixity: z.object({
    COLDROOM_FIXITY_EVERY: duration.default(180 * 86_400_000),
    COLDROOM_FIXITY_STORES: names.optional(),
  }),
  scan: z.object({ COLDROOM_SCAN_EVERY: duration.default(300_000) }),
  console: z.object({
    COLDROOM_URL: url('http:', 'https:'),
    CONSOLE_HOST: z.string().default('127.0.0.1'),
    CONSOLE_PORT: whole(0, 65_535).default(9480),
    CONSOLE_TRUSTED_PROXIES: names.default([]),
    COLDROOM_SESSION_SECRET: z.string().min(32, { message: 'must have at least 32 characters' }),
    COLDROOM_SESSION_IDLE: duration.default(60 * 60_000),
    COLDROOM_SESSION_MAX: duration.default(12 * 60 * 60_000),
    OMERO_WEB_URL: url('http:', 'https:'),
    OMERO_WEB_SERVER: z.string().optional(),
    OMERO_WEB_PUBLIC_URL: url('http:', 'https:').optional(),
    COLDROOM_QUEUES_WRITABLE: flag.default(false),
    OMERO_PRICE: price.optional(),
    COLDROOM_API_RATE: whole(1, 1_000_000).default(600),
  }),
  proxy: z
    .object({
      PROXY_USER_HEADER: header.optional(),
      PROXY_TRUSTED_ADDRESSES: networks.default([]),
      PROXY_SIGN_OUT_URL: url('http:', 'https:').optional(),
    })
    .refine((set) => set.PROXY_USER_HEADER === undefined || set.PROXY_TRUSTED_ADDRESSES.length > 0, {
      path: ['PROXY_TRUSTED_ADDRESSES'],
      message: 'must name the proxy that PROXY_USER_HEADER comes from',
    }),
  mail: z.object({
    SMTP_URL: url('smtp:', 'smtps:'),
    MAIL_FROM: mailbox,
    MAIL_ADMINS: names.refine((all) => all.length > 0, { message: 'must name at least one address' }),
    MAIL_SUBJECT_PREFIX: z.string().default('[Coldroom]'),
    MAIL_TEMPLATES: directory.optional(),
    MAIL_DIGEST_AT: timeOfDay.default('07:00'),
    MAIL_REPORTS: reportMails.default([]),
    COLDROOM_SILENCE: duration.refine((ms) => ms >= 60_000, { message: 'must be at least 1m' }).default(3_600_000),
    COLDROOM_URL: url('http:', 'https:').optional(),
    OMERO_WEB_PUBLIC_URL: url('http:', 'https:').optional(),
  }),
  backup: z
    .object({
      COLDROOM_BACKUP_DIR: directory.optional(),
      COLDROOM_BACKUP_BUCKET: directory.optional(),
      /** Empty as a file of secrets where OMERO's database is not to be dumped. */
      BACKUP_OMERO_DATABASE_URL: z
        .literal('')
        .transform(() => undefined)
        .or(url('postgres:', 'postgresql:'))
        .optional(),
      COLDROOM_BACKUP_KEEP: kept.default({ daily: 7, weekly: 4, monthly: 12 }),
      COLDROOM_BACKUP_AGE_RECIPIENT: z
        .string()
        .regex(/^age1[a-z0-9]+$/, 'must be a public key of age, which starts with age1')
        .optional(),
      COLDROOM_BACKUP_GPG_KEY: directory.optional(),
      COLDROOM_BACKUP_AT: timeOfDay.default('02:30'),
    })
    .refine((set) => !set.COLDROOM_BACKUP_AGE_RECIPIENT || !set.COLDROOM_BACKUP_GPG_KEY, {
      path: ['COLDROOM_BACKUP_GPG_KEY'],
      message: 'must not be set with COLDROOM_BACKUP_AGE_RECIPIENT: dumps are encrypted in one way',
    }),
  backupAge: z.object({
    COLDROOM_BACKUP_OLD: duration
      .refine((ms) => ms >= 3_600_000, { message: 'must be at least 1h' })
      .default(172_800_000),
  }),
  drill: z.object({
    COLDROOM_DRILL_DATABASE_URL: url('postgres:', 'postgresql:').optional(),
    COLDROOM_DRILL_EVERY: duration.default(30 * 86_400_000),
    COLDROOM_BACKUP_IDENTITY: directory.optional(),
  }),
  rights: z.object({
    COLDROOM_MANAGERS: names.default([]),
    COLDROOM_ADMINISTRATORS: names.default([]),
    COLDROOM_AUDITORS: names.default([]),
    COLDROOM_LEADERS_DECIDE: flag.default(false),
    COLDROOM_FOUR_EYES: flag.default(false),
  }),
  service: z.object({
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    METRICS_HOST: z.string().default('127.0.0.1'),
    METRICS_PORT: whole(0, 65_535).default(9464),
    COLDROOM_LEASE: duration.refine((ms) => ms >= 1000, { message: 'must be at least 1s' }).default(60_000),
    COLDROOM_SWEEP_EVERY: duration.refine((ms) => ms >= 100, { message: 'must be at least 100ms' }).default(5000),
    COLDROOM_CONCURRENCY: whole(1, 64).default(2),
    COLDROOM_ATTEMPTS: whole(1, 1000).default(12),
    COLDROOM_RETRY_PAUSE: duration.default(5000),
    COLDROOM_ERROR_LIMIT: whole(0, 1_000_000).default(20),
    COLDROOM_WAIT_LIMIT: duration.default(14 * 86_400_000),
    COLDROOM_STOP_GRACE: duration.default(20_000),
    COLDROOM_STORE_FREE: whole(0, 99).default(10),
    COLDROOM_CRASH_AT: z.string().optional(),
    COLDROOM_FREEZE_AT: z.string().optional(),
  }),
} as const;
