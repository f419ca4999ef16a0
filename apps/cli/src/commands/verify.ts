import { parseTargets, UsageError, verify } from '@coldroom/operations';
import type { CopyFilter } from '@coldroom/register';
import { exitCodes, parseDuration } from '@coldroom/runtime';
import type { CliCommand } from '../command';
import type { Context } from '../context';
import { parseRate, parseShare } from '../parsing';
import { withProgress } from '../waiting';
import { progressLine, resultLines } from './verify-lines';

interface Options {
  readonly store?: string;
  readonly all?: boolean;
  readonly sample?: string;
  readonly due?: string | true;
  readonly rate?: string;
  readonly acceptChanged?: boolean;
  readonly by: string;
}

export function addVerify(program: CliCommand): void {
  program
    .command('verify')
    .argument('[objects...]', 'Request:3 or Image:7,8 or Fileset:9 or File:12')
    .description(
      'read copies in the stores again and compare them with their recorded SHA-256; what would first have to come from tape or a cold class is left out',
    )
    .option('--store <name>', 'only copies in this store')
    .option('--all', 'all copies')
    .option('--sample <percent>', 'so many of the copies, by chance, for example 5%')
    .option('--due [age]', 'copies that were not read for so long, for example 30d (default: COLDROOM_FIXITY_EVERY)')
    .option('--rate <bytes>', 'read no faster than this on the average, for example 100MB/s')
    .option(
      '--accept-changed',
      'copies with the right content that are not those once proven count as proven: after a backup of the store was put back',
    )
    .by()
    .examples('verify Request:3', 'verify --due --rate 50MB/s', 'verify --sample 2% --store main')
    .runs(async (context, named: readonly string[], options: Options) => {
      const { rate, acceptChanged = false, by } = options;
      const order = {
        filter: filterOf(context, named, options),
        bytesPerSecond: rate === undefined ? Infinity : parseRate(rate),
        acceptChanged,
      };
      const done = await context.register((register) =>
        withProgress(context.out, (show) => verify(context, register, order, by, (now) => show(progressLine(now)))),
      );
      return {
        document: done.document(),
        lines: resultLines(done),
        exitCode: done.isWhole ? exitCodes.ok : exitCodes.partly,
      };
    });
}

function filterOf(context: Context, named: readonly string[], { store, all, sample, due }: Options): CopyFilter {
  const ways = [named.length > 0, all, sample !== undefined, due !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new UsageError(
      'say in one way which copies to read: by objects such as Request:3, or by --all, or --sample 5%, or --due 30d',
    );
  return {
    ...(store !== undefined && { store }),
    ...(named.length > 0 && { targets: parseTargets(named, ['Request', 'Image', 'Fileset', 'File']) }),
    ...(sample !== undefined && { share: parseShare(sample) }),
    ...(due !== undefined && { unreadForMs: due === true ? period(context) : parseAge(due) }),
  };
}

function period(context: Context): number {
  const { COLDROOM_FIXITY_EVERY: every } = context.settings('fixity');
  if (every === 0) throw new UsageError('COLDROOM_FIXITY_EVERY is 0; say what is due, for example --due 90d');
  return every;
}

function parseAge(text: string): number {
  const age = parseDuration(text);
  if (age === undefined) throw new UsageError(`--due needs a duration such as 30d, not "${text}"`);
  return age;
}
