import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { Transient } from '@coldroom/domain';
import type { Register, Scan } from '@coldroom/register';
import { exitCodes, parseDuration } from '@coldroom/runtime';
import { formatDuration } from '@coldroom/terminal';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { UsageError } from '../failure';
import { byOption } from '../options';
import { styled } from '../output';
import { reportLines } from '../scan-report';
import { LiveLines } from '../waiting';

const pollMs = 300;
const unstartedMs = 10_000;

interface Options {
  readonly wait: boolean;
  readonly timeout?: string;
  readonly by?: string;
}

export function addScan(program: Command, act: Act): void {
  program
    .command('scan')
    .description('ask the running scanner to look in OMERO for marked images now, and show what it found')
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
          if (!options.wait) {
            context.out.result({ scan: id, asked: true }, () => [`Scan ${id} is asked for.`]);
            return exitCodes.ok;
          }
          const scan = await untilFinished(context, register, id, limitMs);
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

async function untilFinished(context: Context, register: Register, id: bigint, limitMs: number): Promise<Scan> {
  const live = new LiveLines(context.out, 'stderr');
  const asked = performance.now();
  for (let told = false; ; await sleep(pollMs)) {
    const scan = await register.scans.get(id);
    if (scan?.finishedAt) {
      live.clear();
      return scan;
    }
    const waitedMs = performance.now() - asked;
    const start = await register.reports.scanStart(id);
    if (!told && !start?.startedAt && waitedMs > unstartedMs) {
      told = true;
      live.clear();
      context.out.note(
        `No scanner has begun this scan for ${unstartedMs / 1000} s${start && start.ahead > 0 ? ` (older ones before it: ${start.ahead})` : ''}: none seems to run. It stays asked for; Ctrl-C ends the waiting.`,
      );
    }
    if (waitedMs > limitMs)
      throw new Transient(
        'SCAN_NOT_DONE',
        `Scan ${id} was not done within ${formatDuration(limitMs)}${start?.startedAt ? '' : ': no scanner has begun it; is one running?'} It stays asked for`,
      );
    live.spin(
      `${start?.startedAt ? 'The scanner looks in OMERO' : 'Waiting for the scanner'} (${formatDuration(waitedMs)})`,
    );
  }
}
