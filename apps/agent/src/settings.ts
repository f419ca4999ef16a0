import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, Refused } from '@coldroom/domain';

const units: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };
const sizes: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9 };

const amount = (form: RegExp, factors: Readonly<Record<string, number>>, example: string) =>
  z.string().transform((text, context) => {
    const [, number, unit] = form.exec(text) ?? [];
    const value = Number(number) * (factors[unit ?? ''] ?? NaN);
    if (Number.isFinite(value)) return value;
    context.addIssue({ code: 'custom', message: `must be of the form ${example}` });
    return z.NEVER;
  });
export const duration = amount(/^(\d{1,5})([smhd])$/, units, '10m');
const rate = amount(/^(\d{1,5}) ?(kB|MB|GB)\/s$/, sizes, '20MB/s').refine((bytes) => bytes > 0, 'must be above zero');
const time = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be of the form "19:30"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

/** Only HTTPS leaves the workstation. */
const serverUrl = z.url().refine(
  (text) => {
    const { protocol, hostname } = new URL(text);
    return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));
  },
  { error: 'must begin with https://' },
);

const word = /^\{([a-z]+)\}$/;
const form = z
  .string()
  .refine(
    (text) =>
      text.split('/').every((part) => word.test(part) || (!/[{}]/.test(part) && !['', '.', '..'].includes(part))),
    {
      error: 'must be names and words in braces, separated by slashes, such as {person}/{name}',
    },
  );

const watched = z
  .strictObject({
    directory: z.string().min(1),
    /** Which directories below are sets. */
    sets: form.default('{name}'),
    /** An OMERO login, if the form of the sets has no {person}. */
    person: z.string().min(1).optional(),
    /** May have words of the form. */
    target: z.string().min(1),
    group: z.string().min(1).optional(),
    transfer: z.enum(['upload', 'cp', 'ln', 'ln_s']).optional(),
    settle: duration.default(300_000),
    remove: z.union([z.literal('never'), duration]).default('never'),
  })
  .refine(({ sets, person }) => (person !== undefined) !== sets.split('/').includes('{person}'), {
    error: 'needs either "person", or {person} in "sets"',
  });
export type WatchedDirectory = Readonly<z.output<typeof watched>>;

const settings = z.strictObject({
  server: serverUrl,
  /** A file. */
  token: z.string().min(1),
  ca: z.string().min(1).optional(),
  state: z.string().min(1).optional(),
  watch: z.array(watched).default([]),
  every: duration.default(60_000),
  rate: rate.optional(),
  hours: z.strictObject({ from: time, to: time }).optional(),
  acquiring: z.strictObject({ file: z.string().min(1), rate: rate.optional() }).optional(),
});
export type AgentSettings = Readonly<z.output<typeof settings>>;

export const defaultSettings = join(homedir(), '.coldroom-agent.yml');
const defaultState = join(homedir(), '.coldroom-agent');

/** Paths in the file are relative to it. `Refused` `AGENT_SETTINGS` with all faults. */
export async function readSettings(path: string): Promise<AgentSettings & { readonly state: string }> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw refused(path, [messageOf(error)]);
  });
  let read: unknown;
  try {
    read = parse(text);
  } catch (error) {
    throw refused(path, [messageOf(error)]);
  }
  const parsed = settings.safeParse(read);
  if (!parsed.success)
    throw refused(
      path,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`),
    );
  const at = (one: string): string => resolve(dirname(path), one);
  const { token, ca, state, acquiring, watch, ...rest } = parsed.data;
  return {
    ...rest,
    token: at(token),
    ca: ca === undefined ? undefined : at(ca),
    state: state === undefined ? defaultState : at(state),
    acquiring: acquiring && { ...acquiring, file: at(acquiring.file) },
    watch: watch.map((one) => ({ ...one, directory: at(one.directory) })),
  };
}

function refused(path: string, faults: readonly string[]): Refused {
  return new Refused(
    'AGENT_SETTINGS',
    `The settings in ${path} cannot be used:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
  );
}

/** The token, once the certificates of the site are trusted. */
export async function readToken({ token, ca }: AgentSettings): Promise<string> {
  if (ca !== undefined) setDefaultCACertificates([...getCACertificates('default'), await readFile(ca, 'utf8')]);
  const secret = (await readFile(token, 'utf8')).trim();
  if (/^coldroom_[\w-]{43}$/.test(secret)) return secret;
  throw new Refused('AGENT_SETTINGS', `${token} does not have a token of Coldroom: it begins with coldroom_.`);
}
