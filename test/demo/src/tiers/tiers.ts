import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { writeMarker } from '@coldroom/files';
import type { Register, RequestSummary } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { untilDone } from '../archive';
import type { Layout } from '../layout';
import { coldroom } from '../restore';
import type { Services } from '../services';
import { whereInMemory, type DemoStore } from '../store-kinds';

const tiers = ['short', 'mid', 'long'] as const;
const patienceMs = 300_000;

/** Three directories as stores; all bags end in the last one. */
export async function tierStores({ home }: Layout): Promise<DemoStore> {
  const directories = tiers.map((name) => join(home, `store-${name}`));
  const lines: string[] = [];
  for (const [at, directory] of directories.entries()) {
    const name = tiers[at] as string;
    await mkdir(directory, { recursive: true });
    await writeMarker(directory, name);
    const settings = ['kind: file', `directory: ${JSON.stringify(directory)}`, 'sameFileSystem: true'];
    lines.push(`  ${name}:`, ...[...settings, ...(await whereInMemory(directory))].map((line) => `    ${line}`));
  }
  const last = directories.at(-1) as string;
  return {
    yaml: ['default: short', 'stores:', ...lines, ''].join('\n'),
    usedByServices: directories,
    links: last,
    outOfReach: false,
    bags: async () => last,
    stop: async () => undefined,
  };
}

const rules = `policies:
  old-data:
    title: Data that was acquired more than a year ago
    where:
      acquired: { olderThan: 1y }
    propose: { perDay: 1 TB, objections: 1d }
  to-mid:
    title: Copies move from the short-term to the mid-term store
    move: { from: short, to: mid, after: 0, perDay: 1 TB }
  to-long:
    title: Copies move from the mid-term to the long-term store
    move: { from: mid, to: long, after: 0, perDay: 1 TB }
`;

/** The policies file, and the role that reads for it. */
export async function makePolicies({ home }: Layout, ownerUrl: string): Promise<Readonly<Record<string, string>>> {
  const path = join(home, 'policies.yaml');
  await writeFile(path, rules);
  const grants = await readFile(join(__dirname, '..', '..', '..', '..', 'docs', 'omero-policies-grants.sql'), 'utf8');
  const password = randomBytes(12).toString('hex');
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(grants);
    await client.query(`ALTER ROLE coldroom_policies PASSWORD '${password}'`);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.username = 'coldroom_policies';
  url.password = password;
  return { COLDROOM_POLICIES: path, POLICIES_OMERO_DATABASE_URL: url.href };
}

export interface TierDemo {
  readonly layout: Layout;
  readonly register: Register;
  readonly services: Services;
  readonly registerUrl: string;
  readonly say: (line?: string) => void;
}

/** What rules propose: one owner objects, the time to object ends, and the rest is for data managers. */
export async function proposals({ layout, register, say, registerUrl }: TierDemo): Promise<readonly RequestSummary[]> {
  await coldroom(layout, 'policies', 'run', 'old-data');
  const proposed = await register.requests.list({ withProposals: true, states: ['New'] });
  const made = proposed.filter(({ policyTitle }) => policyTitle !== null);
  say('\nThe rule old-data proposes');
  for (const { id, owner, images, bytes } of made)
    say(`  Request:${id}: ${counted(images, 'image')} (${formatBytes(bytes)}) of ${owner}, who can object for a day`);
  const [objected, ...others] = made.toSorted((one, other) => Number(one.bytes - other.bytes));
  if (!objected || others.length === 0) throw new Error('the rule proposed less than two requests');
  await register.requests.withdraw(objected.id, objected.owner);
  say(`  ${objected.owner} objects, and withdraws Request:${objected.id}; a day goes by`);
  const client = new Client({ connectionString: registerUrl });
  await client.connect();
  await client.query(`UPDATE coldroom.request SET objections_until = now() WHERE objections_until IS NOT NULL`);
  await client.end();
  for (const end = Date.now() + patienceMs; (await register.proposals.open()).length > 0; await sleep(300))
    if (Date.now() > end) throw new Error('the time to object does not end');
  return others;
}

/** Evaluates the rules that move, until all bags are in the long-term store. Returns the faults. */
export async function moveThrough({ layout, register, services, say }: TierDemo): Promise<readonly string[]> {
  say('\nThe copies');
  const stuck = await register.reports.files({ states: ['stuck'], limit: 100 });
  for (const { id } of stuck) await coldroom(layout, 'files', 'abandon', `File:${id}`, '--yes');
  if (stuck.length > 0) say(`  ${counted(stuck.length, 'stuck file')} given up: a bag with one does not move`);
  for (const [rule, from, to] of [
    ['to-mid', 'short', 'mid'],
    ['to-long', 'mid', 'long'],
  ] as const) {
    const before = await inStore(register, from);
    await coldroom(layout, 'policies', 'run', rule);
    await untilDone(register, services, async () => undefined);
    say(`  ${rule}: ${counted(before, 'bag')} moved from ${from} to ${to}; nothing changed in OMERO`);
  }
  const left = (await inStore(register, 'short')) + (await inStore(register, 'mid'));
  return left === 0 ? [] : [`${counted(left, 'bag')} did not reach the long-term store`];
}

const inStore = async (register: Register, store: string): Promise<number> => (await register.moves.plan(store)).length;
