import type { Command } from 'commander';
import type { CopyFilter } from '@coldroom/register';
import { exitCodes, parseDuration } from '@coldroom/runtime';
import { Pace } from '@coldroom/stores';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { UsageError, type ExitCode } from '@coldroom/operations';
import { selectedFiles } from '@coldroom/operations';
import { byOption } from '../options';
import { unclaimed, withStores } from '@coldroom/operations';
import { parseTargets } from '@coldroom/operations';
import { checkBag } from '@coldroom/operations';
import { Verification } from '@coldroom/operations';
import { LiveLines } from '../waiting';

interface Options {
  readonly store?: string;
  readonly all?: boolean;
  readonly sample?: string;
  readonly due?: string | true;
  readonly rate?: string;
  readonly acceptChanged?: boolean;
  readonly by?: string;
}

export function addVerify(program: Command, act: Act): void {
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
    .option(...byOption)
    .addHelpText('after', examples('verify Request:3', 'verify --due --rate 50MB/s', 'verify --sample 2% --store main'))
    .action((words: readonly string[], options: Options) => act((context) => verify(context, words, options)));
}

async function verify(context: Context, words: readonly string[], options: Options): Promise<ExitCode> {
  const filter = filterOf(context, words, options);
  const rate = options.rate === undefined ? Infinity : parseRate(options.rate);
  return context.register((register) =>
    withStores(context, async ({ stores }) => {
      if (filter.store !== undefined) stores.get(filter.store);
      if (filter.targets) await selectedFiles(register, filter.targets, 'files');
      const live = new LiveLines(context.out, 'stderr');
      const done = new Verification(shareOf(await register.fixity.count(filter), filter.share ?? 1));
      const checking = {
        register,
        stores,
        pace: new Pace(rate),
        work: unclaimed(),
        by: options.by ?? person(),
        acceptChanged: options.acceptChanged ?? false,
      };
      for await (const copies of register.fixity.bags(filter))
        await checkBag(checking, copies, done, () => live.spin(done.progress()));
      live.clear();
      context.out.result(done.document(), () => done.lines());
      return done.isWhole ? exitCodes.ok : exitCodes.partly;
    }),
  );
}

function filterOf(context: Context, words: readonly string[], { store, all, sample, due }: Options): CopyFilter {
  const ways = [words.length > 0, all, sample !== undefined, due !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new UsageError(
      'say in one way which copies to read: by objects such as Request:3, or by --all, or --sample 5%, or --due 30d',
    );
  return {
    ...(store === undefined ? {} : { store }),
    ...(words.length > 0 ? { targets: parseTargets(words, ['Request', 'Image', 'Fileset', 'File']) } : {}),
    ...(sample === undefined ? {} : { share: parseShare(sample) }),
    ...(due === undefined ? {} : { unreadForMs: due === true ? period(context) : parseAge(due) }),
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

/** `5%` or `0.5%`, as a share. */
export function parseShare(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(text) ?? [];
  const share = Number(number) / 100;
  if (number === undefined || share <= 0 || share > 1)
    throw new UsageError(`--sample needs a share such as 5%, not "${text}"`);
  return share;
}

const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** `100MB/s` or `50 MiB/s`, in bytes a second. */
export function parseRate(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([kMG]?B|[KMG]iB)(?:\/s)?$/.exec(text) ?? [];
  const rate = Number(number) * (units[unit] ?? Number.NaN);
  if (!(rate >= 1)) throw new UsageError(`--rate needs bytes a second such as 100MB/s, not "${text}"`);
  return rate;
}

function shareOf(
  { files, bytes }: { readonly files: number; readonly bytes: bigint },
  share: number,
): { readonly files: number; readonly bytes: bigint } {
  return { files: Math.round(files * share), bytes: BigInt(Math.round(Number(bytes) * share)) };
}
