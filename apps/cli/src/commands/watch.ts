import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Register, StageProgress } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import {
  counted,
  indented,
  progressLine,
  ProgressMeter,
  renderProgress,
  underWay,
  type Pace,
} from '@coldroom/terminal';
import type { Act, Context } from '../context';
import { examples } from '../examples';
import { notFound, UsageError, type ExitCode } from '@coldroom/operations';
import { stuckIn, stuckLines, type Stuck } from '@coldroom/operations';
import { parseIds } from '@coldroom/operations';
import { LiveLines } from '../waiting';

const pollMs = 1000;
const shownCodes = 3;

interface Options {
  readonly untilDone?: boolean;
  readonly request?: string;
}

interface Reading {
  readonly pace: Pace;
  readonly stages: readonly StageProgress[];
  readonly approved: number;
  readonly stuck: readonly Stuck[];
  readonly stopped: readonly string[];
}

export function addWatch(program: Command, act: Act): void {
  program
    .command('watch')
    .description('follow the bags through the stages: how many, how much, how fast, how long still')
    .option('--request <number>', 'only this request')
    .option('--until-done', 'end when nothing is under way any more; exit code 3 where files are stuck')
    .addHelpText('after', examples('watch', 'watch --request 3 --until-done'))
    .action((options: Options) =>
      act(async (context) => {
        const [requestId, ...more] = options.request === undefined ? [] : parseIds([options.request], 'Request');
        if (more.length > 0) throw new UsageError('--request takes one only');
        return context.register((register) => watch(context, register, requestId, options.untilDone ?? false));
      }),
    );
}

async function watch(
  context: Context,
  register: Register,
  requestId: bigint | undefined,
  untilDone: boolean,
): Promise<ExitCode> {
  await refuseUnknown(register, requestId);
  const live = new LiveLines(context.out, 'stdout');
  const meter = await ProgressMeter.of(register, requestId);
  for (;;) {
    const now = await read(register, meter, requestId);
    live.draw(
      [...renderProgress(now.stages, now.pace), ...warnings(now), ...stuckWarnings(now)],
      [
        progressLine(now.stages, now.pace),
        ...warnings(now),
        ...now.stuck.map(({ code, files }) => `stuck: ${counted(files, 'file')}, ${code}`),
      ].join('; '),
    );
    const over = untilDone ? await isOver(register, now, requestId) : context.out.json;
    if (over) {
      context.out.result(
        {
          stages: now.stages,
          approvedRequests: now.approved,
          stuck: now.stuck,
          stopped: now.stopped,
          remaining: now.pace.remaining,
          filesLeft: now.pace.files,
          share: now.pace.share,
          rate: now.pace.rate,
          leftMs: now.pace.leftMs,
        },
        () => (untilDone ? lastLines(now) : []),
      );
      return untilDone && now.stuck.length > 0 ? exitCodes.partly : exitCodes.ok;
    }
    await sleep(pollMs);
  }
}

async function read(register: Register, meter: ProgressMeter, requestId: bigint | undefined): Promise<Reading> {
  const pace = await meter.read(register, requestId);
  return {
    pace,
    stages: meter.last.stages,
    approved: meter.last.approved,
    stuck: await stuckIn(register, requestId),
    stopped: (await register.switches.list()).filter((one) => one.stopped).map((one) => one.name),
  };
}

async function refuseUnknown(register: Register, requestId: bigint | undefined): Promise<void> {
  if (requestId !== undefined && (await register.reports.requestStates(requestId)).length === 0)
    throw notFound(`request ${requestId}`, 'NO_SUCH_REQUEST', '"coldroom requests list" shows all');
}

/** Nothing advances without a person: the only bags under way are those that wait for a stuck file. */
async function isOver(register: Register, now: Reading, requestId: bigint | undefined): Promise<boolean> {
  const bags = underWay(now.stages);
  if (now.approved > 0) return false;
  if (bags === 0 || now.stuck.length === 0) return bags === 0;
  return bags === (await register.reports.bagsBehindStuck(requestId));
}

function warnings({ approved, stopped }: Reading): readonly string[] {
  return [
    ...(approved > 0 ? [`approved, and waiting for the scanner to pack bags: ${counted(approved, 'request')}`] : []),
    ...(stopped.length > 0 ? [`stopped: ${stopped.join(', ')} ("coldroom resume" goes on)`] : []),
  ];
}

/** No more than fits on a screen: what is drawn has to be overwritten. */
function stuckWarnings({ stuck }: Reading): readonly string[] {
  if (stuck.length === 0) return [];
  const others = stuck.length - shownCodes;
  return [
    'stuck:',
    ...indented(stuckLines(stuck.slice(0, shownCodes))),
    ...(others > 0 ? [`  and ${counted(others, 'more code')}: coldroom status`] : []),
  ];
}

function lastLines({ stuck }: Reading): readonly string[] {
  if (stuck.length === 0) return ['Nothing is under way any more.'];
  return ['Nothing is under way any more, but files are stuck:', ...indented(stuckLines(stuck))];
}
