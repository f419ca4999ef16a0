import type { Register, RequestSummary } from '@coldroom/register';
import type { SampleReport } from '@coldroom/sample-omero';
import type { Layout } from './layout';
import type { Proven } from './proof';
import { bytes } from './words';

type Say = (line?: string) => void;

export function saySample(report: SampleReport, layout: Layout, say: Say): void {
  say(`  ${report.images} images, ${report.files} files, ${bytes(report.bytes)} in ${layout.omero}`);
  say(`  ${report.marked.length} images are marked TO-ARCHIVE`);
}

export function sayRequests(requests: readonly RequestSummary[], say: Say): void {
  say('\nRequests, as a data manager sees them');
  for (const request of requests) {
    say(`  Request:${request.id}  asked for by ${request.requester} in ${request.group}`);
    say(`     ${request.markedImages} marked images mean ${request.images} images in ${request.filesets} filesets: ${request.files} files, ${bytes(request.bytes)}; ${request.skipped} files are not taken`);
  }
}

export function sayDecisions({ approved, declined }: { approved: readonly RequestSummary[]; declined: readonly RequestSummary[] }, say: Say): void {
  say('\nDecisions');
  for (const request of approved) say(`  Request:${request.id} approved`);
  for (const request of declined) say(`  Request:${request.id} declined: this project is still being worked on`);
  say('\nArchiving');
}

/** The end of the story, in numbers, with every file that was left and why. */
export async function saySummary(register: Register, proven: Proven, seconds: number, say: Say): Promise<void> {
  const counts = await register.overview.counts();
  const archived = counts.filter(({ state }) => state === 'linked' || state === 'released');
  const files = archived.reduce((sum, row) => sum + row.files, 0);
  const size = archived.reduce((sum, row) => sum + Number(row.bytes), 0);
  for (const fault of proven.faults.slice(0, 50)) say(`  FAULT ${fault}`);
  if (proven.faults.length === 0) {
    say(`  every one of ${proven.paths} paths reads the bytes it had before; ${proven.links} of them are links now`);
    say(`  sha256sum finds all ${proven.bags} bags whole`);
    say(`  ${proven.images} images say ARCHIVED in OMERO; nothing else changed in its database or its tree`);
  }
  say('\nSummary');
  for (const request of await register.requests.list()) say(`  Request:${request.id}  ${request.state.padEnd(9)} ${request.linked} of ${request.files} files archived`);
  say(`  archived  ${files} files, ${bytes(size)} in ${seconds.toFixed(1)} s: ${bytes(size / seconds)}/s, ${Math.round(files / seconds)} files/s`);
  const freed = counts.filter(({ state }) => state === 'released').reduce((sum, row) => sum + Number(row.bytes), 0);
  say(`  freed     ${bytes(freed)} in the OMERO repository (held for a second only here; on a real server for days, in which "coldroom undo" takes an instant)`);
  for (const what of ['skipped', 'stuck'] as const) {
    for (const row of counts.filter(({ state }) => state === what)) say(`  ${what.padEnd(9)} ${row.files} files: ${row.code}`);
  }
  say(proven.faults.length === 0 ? '\nThe proof holds: nothing was lost.' : `\nThe proof FAILED in ${proven.faults.length} points.`);
}
