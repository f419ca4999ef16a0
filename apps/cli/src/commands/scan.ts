import type { Command } from 'commander';
import { Transient } from '@coldroom/domain';
import { scannerTask, type Register, type Scan } from '@coldroom/register';
import { exitCodes, parseDuration } from '@coldroom/runtime';
import { formatDuration } from '@coldroom/terminal';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { UsageError } from '@coldroom/operations';
import { byOption } from '../options';
import { styled } from '../output';
import { reportLines } from '../scan-report';
import { waitUntil } from '../waiting';

const unseenMs = 10_000;

interface Options {
  /** If omitted: wait as long as a scanner is running. */
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly by?: string;
}

export function addScan(program: Command, act: Act): void {
  program
    .command('scan')
    .description('ask the running scanner to look in OMERO for marked images now, and show what it found')
    .option('--wait', 'wait also while no scanner is running (default: end with exit code 5)')
    .option('--no-wait', 'only ask')
    .option('--timeout <duration>', 'wait no longer than this, for example 5m; the scan stays asked for')
    .option(...byOption)
    .addHelpText('after', examples('scan', 'scan --timeout 5m --json'))
    .action((options: Options) =>
      act(async (context) => {
        const limitMs = options.timeout === undefined ? Infinity : parseDuration(options.timeout);
        if (limitMs === undefined)
          throw new UsageError(`--timeout needs a duration such as 30s or 5m, not "${options.timeout}"`);
        return context.register(async (register) => {
          const id = await register.scans.ask(options.by ?? person());
          if (options.wait === false) {
            context.out.result({ scan: id, asked: true }, () => [`Scan ${id} is asked for.`]);
            return exitCodes.ok;
          }
          const scan = await untilFinished(context, register, id, { isPatient: options.wait ?? false, limitMs });
          context.out.result({ scan: id, failed: scan.failed, report: scan.report }, () =>
            scan.failed === null
              ? [`Scan ${id} is done.`, ...reportLines(scan.report ?? {})]
              : [`${styled('red', 'The scan failed:')} ${scan.failed}`],
          );
          return scan.failed === null ? exitCodes.ok : exitCodes.failed;
        });
      }),
    );
}

/** A scanner keeps other scanners out while it works, and looks for requested scans at least every two seconds. */
async function untilFinished(
  { out }: Context,
  register: Register,
  id: bigint,
  { isPatient, limitMs }: { readonly isPatient: boolean; readonly limitMs: number },
): Promise<Scan> {
  const asked = performance.now();
  const { scan } = await waitUntil(out, {
    read: async () => {
      const isRunning = await register.isRunning(scannerTask);
      const now = { scan: await register.scans.get(id), start: await register.reports.scanStart(id), isRunning };
      if (!now.scan?.finishedAt && performance.now() - asked > limitMs)
        throw new Transient(
          'SCAN_NOT_DONE',
          `Scan ${id} was not done within ${formatDuration(limitMs)}${isRunning ? '' : ': no scanner is running'}. It stays asked for`,
        );
      return now;
    },
    isOver: ({ scan: now }) => Boolean(now?.finishedAt),
    line: ({ isRunning, start }) => {
      if (!isRunning) return 'Waiting for a scanner';
      if (start?.startedAt) return 'The scanner looks in OMERO';
      return `The scanner is busy; scans before this one: ${start?.ahead ?? 0}`;
    },
    silenceMs: unseenMs,
    onSilence: async ({ isRunning }) => {
      if (isRunning) return undefined;
      if (!isPatient) throw noScanner(id);
      return `No scanner is running. ${howToStart} Ctrl-C ends the wait; the scan stays asked for.`;
    },
  });
  return scan as Scan;
}

const howToStart = 'Start one with "npm start -- --only scanner", or all services with "npm start".';

function noScanner(id: bigint): Transient {
  return new Transient(
    'NO_SCANNER',
    `No scanner is running: none was seen for ${unseenMs / 1000} s. ${howToStart} Scan ${id} stays asked for and runs then; "coldroom scan --wait" waits for a scanner`,
  );
}
