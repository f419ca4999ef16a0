import type { Command } from 'commander';
import { fileStates, requestStates, type FileState, type RequestState } from '@coldroom/domain';
import type { Register, Scan, Switch } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatAge, formatBytes, formatCount, formatTime, indented, table } from '@coldroom/terminal';
import type { Act } from '../context';
import { examples } from '../examples';
import { styled } from '../output';
import { stuckIn, stuckLines, type Stuck } from '@coldroom/operations';

interface Count {
  readonly files: number;
  readonly bytes: bigint;
}

interface Status {
  readonly requests: readonly { readonly state: RequestState; readonly requests: number }[];
  readonly files: readonly (Count & { readonly state: FileState })[];
  readonly stuck: readonly Stuck[];
  readonly waiting: readonly { readonly reason: string; readonly bags: number; readonly until: Date }[];
  readonly stopped: readonly Switch[];
  readonly lastScan: Scan | null;
}

export function addStatus(program: Command, act: Act): void {
  program
    .command('status')
    .description('one screen: requests, files, what is stuck and what to do about it, what is stopped, the last scan')
    .addHelpText('after', examples('status', 'status --json'))
    .action(() =>
      act(async (context) => {
        const status = await context.register(collect);
        context.out.result(status, () => lines(status, new Date()));
        return exitCodes.ok;
      }),
    );
}

async function collect(register: Register): Promise<Status> {
  const { reports, switches, scans } = register;
  const requests = await reports.requestStates();
  const counts = await reports.counts();
  const sum = (state: FileState): Count & { state: FileState } => {
    const rows = counts.filter((row) => row.state === state);
    return {
      state,
      files: rows.reduce((total, row) => total + row.files, 0),
      bytes: rows.reduce((total, row) => total + row.bytes, 0n),
    };
  };
  return {
    requests: requestStates.flatMap((state) => requests.filter((row) => row.state === state)),
    files: fileStates.map(sum).filter((row) => row.files > 0),
    stuck: await stuckIn(register),
    waiting: await reports.waiting(),
    stopped: (await switches.list()).filter((one) => one.stopped),
    lastScan: (await scans.last()) ?? null,
  };
}

function lines({ requests, files, stuck, waiting, stopped, lastScan }: Status, now: Date): readonly string[] {
  return [
    'Requests',
    ...indented(
      requests.length > 0 ? [requests.map((row) => `${row.state} ${formatCount(row.requests)}`).join(', ')] : ['none'],
    ),
    '',
    'Files',
    ...indented(
      files.length > 0
        ? table(
            [{ title: 'state' }, { title: 'files', right: true }, { title: 'bytes', right: true }],
            files.map((row) => [row.state, formatCount(row.files), formatBytes(row.bytes)]),
          )
        : ['none'],
    ),
    ...(stuck.length > 0 ? ['', styled('red', 'Stuck'), ...indented(stuckLines(stuck))] : []),
    ...(waiting.length > 0
      ? [
          '',
          'Waiting',
          ...indented(
            waiting.map((row) => `${counted(row.bags, 'bag')} until ${formatTime(row.until)}: ${row.reason}`),
          ),
        ]
      : []),
    ...(stopped.length > 0
      ? [
          '',
          styled('red', 'Stopped'),
          ...indented(stopped.map((one) => stoppedLine(one, now))),
          '  next, once the cause is gone:',
          ...stopped.map((one) => `    coldroom resume ${one.name}`),
        ]
      : []),
    '',
    'Last scan',
    ...indented([scanLine(lastScan, now)]),
  ];
}

export function stoppedLine({ name, changedBy, changedAt, reason }: Switch, now: Date): string {
  return `${name}: by ${changedBy ?? 'nobody known'}, ${formatAge(changedAt, now)}: ${reason ?? 'no reason given'}`;
}

function scanLine(scan: Scan | null, now: Date): string {
  if (!scan?.finishedAt) return 'none yet: is the scanner running?';
  const requests = scan.report?.['requests'];
  const found = Array.isArray(requests)
    ? requests.length > 0
      ? `, made ${counted(requests.length, 'request')}`
      : ', found nothing new'
    : '';
  return `${formatAge(scan.finishedAt, now)}${scan.failed === null ? found : `, ${styled('red', 'failed')}: ${scan.failed}`}`;
}
