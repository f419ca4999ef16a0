import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Register, StageProgress } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted, paceOf, progressLine, renderProgress, underWay } from '@coldroom/terminal';
import type { Act, Context } from '../context';
import { examples } from '../examples';
import { notFound, UsageError, type ExitCode } from '../failure';
import { nextStep } from '../next-steps';
import { parseIds } from '../targets';
import { LiveLines } from '../waiting';

const pollMs = 1000;
/** The rate is that of the last readings, so that it follows what happens. */
const rateReadings = 15;

interface Options {
  readonly untilDone?: boolean;
  readonly request?: string;
}

interface Reading {
  readonly at: number;
  readonly stages: readonly StageProgress[];
  readonly approved: number;
  readonly stuck: readonly { readonly code: string; readonly files: number; readonly bytes: bigint }[];
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
  const live = new LiveLines(context.out, 'stdout');
  const first = await read(register, requestId);
  const recent: Reading[] = [first];
  for (;;) {
    const now = recent.at(-1) as Reading;
    const before = recent[0] as Reading;
    const elapsed = now.at - before.at;
    live.draw(
      [...renderProgress(before.stages, now.stages, elapsed, first.stages), ...warnings(now)],
      [progressLine(before.stages, now.stages, elapsed, first.stages), ...warnings(now)].join('; '),
    );
    const over = untilDone ? await isOver(register, now, requestId) : context.out.json;
    if (over) {
      context.out.result(
        {
          stages: now.stages,
          approvedRequests: now.approved,
          stuck: now.stuck,
          stopped: now.stopped,
          ...paceOf(before.stages, now.stages, elapsed, first.stages),
        },
        () => (untilDone ? lastLines(now) : []),
      );
      return untilDone && now.stuck.length > 0 ? exitCodes.partly : exitCodes.ok;
    }
    await sleep(pollMs);
    recent.push(await read(register, requestId));
    if (recent.length > rateReadings) recent.shift();
  }
}

async function read(register: Register, requestId: bigint | undefined): Promise<Reading> {
  const stages = await register.reports.progress(requestId);
  return {
    at: performance.now(),
    stages,
    approved: await approvedRequests(register, requestId),
    stuck: await register.reports.stuck(requestId),
    stopped: (await register.switches.list()).filter((one) => one.stopped).map((one) => one.name),
  };
}

async function approvedRequests(register: Register, requestId: bigint | undefined): Promise<number> {
  const states = await register.reports.requestStates(requestId);
  if (requestId !== undefined && states.length === 0)
    throw notFound(`request ${requestId}`, 'NO_SUCH_REQUEST', '"coldroom requests list" shows all');
  return states.find((row) => row.state === 'Approved')?.requests ?? 0;
}

/** Nothing moves any more without a person: no bag is under way but those that wait for a stuck file. */
async function isOver(register: Register, now: Reading, requestId: bigint | undefined): Promise<boolean> {
  const bags = underWay(now.stages);
  if (now.approved > 0) return false;
  if (bags === 0 || now.stuck.length === 0) return bags === 0;
  return bags === (await register.reports.bagsBehindStuck(requestId));
}

function warnings({ approved, stuck, stopped }: Reading): readonly string[] {
  return [
    ...(approved > 0 ? [`approved, and waiting for the scanner to pack bags: ${counted(approved, 'request')}`] : []),
    ...(stopped.length > 0 ? [`stopped: ${stopped.join(', ')} ("coldroom resume" goes on)`] : []),
    ...stuck.map((row) => `stuck: ${counted(row.files, 'file')}, ${row.code}`),
  ];
}

function lastLines({ stuck }: Reading): readonly string[] {
  if (stuck.length === 0) return ['Nothing is under way any more.'];
  return [
    'Nothing is under way any more, but files are stuck:',
    ...stuck.map((row) => `  ${counted(row.files, 'file')}, ${row.code}; next: ${nextStep(row.code)}`),
  ];
}
