import type { Register, RequestSummary } from '@coldroom/register';
import type { SampleReport } from '@coldroom/sample-omero';
import { formatBytes, formatCount, formatDuration, indented, pairs, table } from '@coldroom/terminal';
import type { Layout } from './layout';
import type { Proven } from './proof';
import type { Restored } from './restore';

type Say = (line?: string) => void;

const faultsShown = 50;
const filesShown = 20;

export function saySample(report: SampleReport, layout: Layout, say: Say): void {
  say(
    `  ${formatCount(report.images)} images, ${formatCount(report.files)} files, ${formatBytes(report.bytes)} in ${layout.omero}`,
  );
  say(`  ${formatCount(report.marked.length)} images are marked TO-ARCHIVE`);
}

export function sayRequests(requests: readonly RequestSummary[], say: Say): void {
  say('\nRequests and what they include');
  const columns = [
    { title: 'request' },
    { title: 'asked by' },
    { title: 'owner' },
    { title: 'group' },
    ...['marked', 'images', 'filesets', 'files', 'bytes', 'not taken'].map((title) => ({ title, right: true })),
  ];
  const rows = requests.map((request) => [
    `Request:${request.id}`,
    request.requester,
    request.owner,
    request.group,
    formatCount(request.markedImages),
    formatCount(request.images),
    formatCount(request.filesets),
    formatCount(request.files),
    formatBytes(request.bytes),
    formatCount(request.skipped),
  ]);
  for (const line of indented(table(columns, rows))) say(line);
}

export function sayDecisions(
  { approved, declined }: { approved: readonly RequestSummary[]; declined: readonly RequestSummary[] },
  say: Say,
): void {
  say('\nDecisions');
  for (const request of approved) say(`  Request:${request.id} approved`);
  for (const request of declined) say(`  Request:${request.id} declined: this project is still being worked on`);
  say('\nArchiving');
}

/** The summary, in numbers, with every file that was left and why. */
export async function saySummary(register: Register, proven: Proven, milliseconds: number, say: Say): Promise<void> {
  sayProof(proven, say);
  say('\nSummary');
  const requests = (await register.requests.list())
    .toReversed()
    .map(
      (request) =>
        [
          `Request:${request.id}`,
          `${request.state}: ${formatCount(request.linked)} of ${formatCount(request.files)} files archived`,
        ] as const,
    );
  const counts = await register.reports.counts();
  const sum = (states: readonly string[]): { files: number; bytes: number } =>
    counts
      .filter(({ state }) => states.includes(state))
      .reduce((total, row) => ({ files: total.files + row.files, bytes: total.bytes + Number(row.bytes) }), {
        files: 0,
        bytes: 0,
      });
  const archived = sum(['linked', 'released', 'recalled']);
  const perSecond = (count: number): number => (count * 1000) / milliseconds;
  const lines = pairs([
    ...requests,
    [
      'archived',
      `${formatCount(archived.files)} files, ${formatBytes(archived.bytes)} in ${formatDuration(milliseconds)}`,
    ],
    [
      'rate',
      `${formatBytes(perSecond(archived.bytes))}/s, ${formatCount(Math.round(perSecond(archived.files)))} files/s`,
    ],
    [
      'freed',
      `${formatBytes(sum(['released', 'recalled']).bytes)} (held for a second only here; for days on a real server, where "coldroom undo" takes an instant)`,
    ],
  ]);
  for (const line of indented(lines)) say(line);
  await sayLeft(register, say);
  say(
    proven.faults.length === 0
      ? '\nThe proof holds: nothing was lost.'
      : `\nThe proof FAILED in ${proven.faults.length} points.`,
  );
}

export function sayRestored({ fileset, files, faults }: Restored, say: Say): void {
  for (const fault of faults.slice(0, faultsShown)) say(`  FAULT ${fault}`);
  say(
    faults.length === 0
      ? `  coldroom restore ${fileset}: ${formatCount(files)} files are back with the bytes, times, modes and owners they had; their images are no longer archived`
      : `  coldroom restore ${fileset} FAILED in ${faults.length} points`,
  );
}

/** The files that were left where they are, and why. */
async function sayLeft(register: Register, say: Say): Promise<void> {
  const left = await register.reports.files({ states: ['skipped', 'stuck'], limit: filesShown });
  if (left.length === 0) return;
  say('\nLeft where they are');
  const rows = left.map((file) => [
    file.state,
    `Request:${file.requestId}`,
    file.code ?? '',
    `${file.path}: ${file.reason ?? ''}`,
  ]);
  for (const line of indented(
    table([{ title: 'state' }, { title: 'request' }, { title: 'code' }, { title: 'file and reason' }], rows),
  ))
    say(line);
}

function sayProof(proven: Proven, say: Say): void {
  for (const fault of proven.faults.slice(0, faultsShown)) say(`  FAULT ${fault}`);
  if (proven.faults.length > 0) return;
  say(
    `  every one of ${formatCount(proven.paths)} paths reads the bytes it had before; ${formatCount(proven.links)} of them are links now`,
  );
  say(`  sha256sum finds all ${proven.bags} sealed bags whole`);
  if (proven.openBags > 0)
    say(`  ${formatCount(proven.openBags)} bags are open: nothing is proven of them, and their originals are in place`);
  say(`  ${formatCount(proven.images)} images say ARCHIVED in OMERO; nothing else changed in its database or its tree`);
}
