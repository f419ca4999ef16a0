import { howToStartScanner, requestScan, untilScanned, UsageError, type ScanProgress } from '@coldroom/operations';
import { exitCodes, parseDuration } from '@coldroom/runtime';
import type { CliCommand } from '../command';
import { styled } from '../output';
import { reportLines } from '../scan-report';
import { follow } from '../waiting';

interface Options {
  /** If omitted: wait as long as a scanner is running. */
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly by: string;
}

export function addScan(program: CliCommand): void {
  program
    .command('scan')
    .description('ask the running scanner to look in OMERO for marked images now, and show what it found')
    .option('--wait', 'wait also while no scanner is running (default: end with exit code 5)')
    .option('--no-wait', 'only ask')
    .option('--timeout <duration>', 'wait no longer than this, for example 5m; the scan stays asked for')
    .by()
    .examples('scan', 'scan --timeout 5m --json')
    .runs(async (context, { wait, timeout, by }: Options) => {
      const limitMs = timeout === undefined ? Infinity : parseDuration(timeout);
      if (limitMs === undefined) throw new UsageError(`--timeout needs a duration such as 30s or 5m, not "${timeout}"`);
      return context.register(async (register) => {
        const id = await requestScan(register, by);
        if (wait === false) return { document: { scan: id, asked: true }, lines: `Scan ${id} is asked for.` };
        const steps = untilScanned(register, id, { isPatient: wait ?? false, limitMs });
        const { failed, report } = await follow(context.out, steps, progressLine, stillNote);
        return {
          document: { scan: id, failed, report },
          lines:
            failed === null
              ? [`Scan ${id} is done.`, reportLines(report ?? {})]
              : `${styled('red', 'The scan failed:')} ${failed}`,
          exitCode: failed === null ? exitCodes.ok : exitCodes.failed,
        };
      });
    });
}

function progressLine({ isRunning, startedAt, ahead }: ScanProgress): string {
  if (!isRunning) return 'Waiting for a scanner';
  return startedAt ? 'The scanner looks in OMERO' : `The scanner is busy; scans before this one: ${ahead}`;
}

function stillNote({ isRunning }: ScanProgress): string | undefined {
  return isRunning
    ? undefined
    : `No scanner is running. ${howToStartScanner} Ctrl-C ends the wait; the scan stays asked for.`;
}
