import { watch, type ProgressReading } from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import {
  below,
  counted,
  flat,
  LiveLines,
  progressLine,
  renderProgress,
  underWay,
  type Lines,
} from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import { stuckLines } from '../lines';
import { parseId } from '../parsing';

const shownCodes = 3;

interface Options {
  readonly untilDone?: boolean;
  readonly request?: string;
}

export function addWatch(program: CliCommand): void {
  program
    .command('watch')
    .description('follow the bags through the stages: how many, how much, how fast, how long still')
    .option('--request <number>', 'only this request')
    .option('--until-done', 'end when nothing is under way; exit code 3 where files are stuck')
    .examples('watch', 'watch --request 3 --until-done')
    .runs(async (context, { untilDone = false, request }: Options) => {
      const requestId = request === undefined ? undefined : parseId(request, 'Request', '--request');
      return context.register(async (register) => {
        const live = new LiveLines(process.stdout, context.out.json);
        const readings = watch(register, requestId);
        for (;;) {
          const { value: now } = await readings.next();
          live.draw(flat(screen(now)), plain(now));
          if (untilDone ? now.isOver : context.out.json) return resultOf(now, untilDone);
        }
      });
    });
}

function resultOf({ pace, stages, approved, stuck, stopped }: ProgressReading, untilDone: boolean): Result {
  const { remaining, files: filesLeft, share, rate, leftMs } = pace;
  return {
    document: {
      stages,
      approvedRequests: approved,
      bagsUnderWay: underWay(stages),
      stuck,
      stopped,
      remaining,
      filesLeft,
      share,
      rate,
      leftMs,
    },
    lines: untilDone && [outcome(underWay(stages), stuck.length > 0), below(stuckLines(stuck))],
    exitCode: untilDone && stuck.length > 0 ? exitCodes.partly : exitCodes.ok,
  };
}

/** What is still under way then waits for files that are stuck. */
function outcome(bags: number, stuck: boolean): string {
  if (bags > 0) return `Nothing advances without you: ${counted(bags, 'bag')} under way, behind stuck files:`;
  return stuck ? 'Nothing is under way, but files are stuck:' : 'Nothing is under way.';
}

/** No more than fits on a screen: what is drawn has to be overwritten. */
function screen(now: ProgressReading): Lines {
  const others = now.stuck.length - shownCodes;
  return [
    renderProgress(now.stages, now.pace),
    warnings(now),
    now.stuck.length > 0 && ['stuck:', below(stuckLines(now.stuck.slice(0, shownCodes)))],
    others > 0 && below(`and ${counted(others, 'more code')}: coldroom status`),
  ];
}

function plain(now: ProgressReading): string {
  return flat([
    progressLine(now.stages, now.pace),
    warnings(now),
    now.stuck.map(({ code, files }) => `stuck: ${counted(files, 'file')}, ${code}`),
  ]).join('; ');
}

function warnings({ approved, stopped }: ProgressReading): Lines {
  return [
    approved > 0 && `approved, and waiting for the scanner to pack bags: ${counted(approved, 'request')}`,
    stopped.length > 0 && `stopped: ${stopped.join(', ')} ("coldroom resume" resumes it)`,
  ];
}
