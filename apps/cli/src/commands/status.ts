import { status } from '@coldroom/api';
import { statusOf, type Status } from '@coldroom/operations';
import type { Scan } from '@coldroom/register';
import { below, counted, flat, formatAge, formatCount, formatTime, section, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { amountTable, stuckLines } from '../lines';
import { styled } from '../output';

export function addStatus(program: CliCommand): void {
  program
    .command('status')
    .description('one screen: requests, files, what is stuck and what to do about it, what is stopped, the last scan')
    .examples('status', 'status --json')
    .runs(async (context) => {
      const found = await context.either(statusOf, (server) => server.get('status', status));
      return { document: found, lines: flat(lines(found, new Date())).slice(1) };
    });
}

function lines({ requests, files, stuck, waiting, stopped, lastScan }: Status, now: Date): Lines {
  return [
    section('Requests', requests.map((row) => `${row.state} ${formatCount(row.requests)}`).join(', ') || 'none'),
    section('Files', amountTable(files) || 'none'),
    section(styled('red', 'Stuck'), stuckLines(stuck)),
    section(
      'Waiting',
      waiting.map((row) => waitingLine(row, now)),
    ),
    stopped.length > 0 &&
      section(styled('red', 'Stopped'), [
        stopped.map(
          ({ name, changedBy, changedAt, reason }) =>
            `${name}: by ${changedBy ?? 'an unknown person'}, ${formatAge(changedAt, now)}: ${reason ?? 'no reason given'}`,
        ),
        'next, once the cause is gone:',
        below(stopped.map((one) => `coldroom resume ${one.name}`)),
      ]),
    section('Last scan', scanLine(lastScan, now)),
  ];
}

/** A wait that normally ends within minutes; after this long a person should look. */
const longWaitMs = 3_600_000;

function waitingLine({ bags, until, since, reason }: Status['waiting'][number], now: Date): string {
  const line = `${counted(bags, 'bag')} until ${formatTime(until)}: ${reason}`;
  if (since === null || now.getTime() - since.getTime() < longWaitMs) return line;
  return `${styled('yellow', 'WARNING')}  waiting since ${formatTime(since)}: ${line}`;
}

function scanLine(scan: Scan | null, now: Date): string {
  if (!scan?.finishedAt) return 'none yet: is the scanner running?';
  const age = formatAge(scan.finishedAt, now);
  if (scan.failed !== null) return `${age}, ${styled('red', 'failed')}: ${scan.failed}`;
  const requests = scan.report?.['requests'];
  if (!Array.isArray(requests)) return age;
  return `${age}, ${requests.length > 0 ? `made ${counted(requests.length, 'request')}` : 'found nothing new'}`;
}
