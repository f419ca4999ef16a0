import {
  askPull,
  listInstruments,
  listPulls,
  openImports,
  UsageError,
  type InstrumentStatus,
} from '@coldroom/operations';
import type { PulledSet } from '@coldroom/register';
import {
  below,
  counted,
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  table,
  type Lines,
} from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { parseWhole } from '../parsing';

interface Options {
  readonly now?: true;
  readonly limit: string;
  readonly by: string;
}

export function addPull(program: CliCommand): void {
  program
    .command('pull')
    .argument('[instrument]', 'its name in the imports file; default: all, without their sets')
    .description('show what is pulled from instruments into the buffers')
    .option('--now', 'have the importer look at this instrument at once')
    .option('--limit <count>', 'how many sets at most', '50')
    .by()
    .examples('pull', 'pull spinning-disk', 'pull spinning-disk --now')
    .runs((context, name: string | undefined, options: Options) => pull(context, name, options));
}

async function pull(context: Context, name: string | undefined, { now, limit, by }: Options): Promise<Result> {
  if (name === undefined && now) throw new UsageError('pull --now needs the name of an instrument');
  const most = parseWhole(limit, '--limit');
  const imports = await openImports(context);
  return context.register(async (register): Promise<Result> => {
    if (name === undefined) {
      const instruments = await listInstruments(register, imports);
      return { document: { instruments }, lines: instrumentLines(instruments, new Date()) };
    }
    if (now) {
      await askPull(register, imports, name, by);
      return {
        document: { asked: name },
        lines: `The importer looks at ${name} now; "coldroom pull ${name}" shows it`,
      };
    }
    const sets = await listPulls(register, imports, name, most);
    return { document: { instrument: name, sets }, lines: setLines(sets, new Date()) };
  });
}

function instrumentLines(instruments: readonly InstrumentStatus[], now: Date): Lines {
  if (instruments.length === 0) return 'The imports file has no instruments';
  return [
    table(
      [
        { title: 'INSTRUMENT' },
        { title: 'FROM' },
        { title: 'BUFFER' },
        { title: 'EVERY', right: true },
        { title: 'LAST ROUND' },
        { title: 'ARRIVED', right: true },
        { title: 'WAITING', right: true },
        { title: 'FAULTS', right: true },
      ],
      instruments.map(({ name, from, buffer, everyMs, round, arrived, waiting, faults }) => [
        name,
        from,
        buffer,
        formatDuration(everyMs),
        lastRound(round, now),
        formatCount(arrived),
        formatCount(waiting),
        formatCount(faults),
      ]),
    ),
    ...instruments.flatMap(({ name, round }) => (round?.failure ? [`${name}: ${round.failure}`] : [])),
  ];
}

function lastRound(round: InstrumentStatus['round'], now: Date): string {
  if (!round?.begunAt) return 'never';
  const isRunning = round.endedAt === null || round.endedAt < round.begunAt;
  return isRunning ? 'under way' : `${formatAge(round.begunAt, now)} ago`;
}

function setLines(sets: readonly PulledSet[], now: Date): Lines {
  if (sets.length === 0) return 'No set was found at this instrument so far';
  return sets.flatMap(({ display, files, bytes, since, destination, arrivedAt, note, fault }) => {
    const size = `${counted(files, 'file')}, ${formatBytes(bytes)}`;
    const state = arrivedAt
      ? `arrived ${formatAge(arrivedAt, now)} ago: ${destination ?? ''}`
      : `unchanged for ${formatAge(since, now)}`;
    return [`${display}  ${size}  ${state}`, below([fault ?? note ?? false])];
  });
}
