import {
  cancelRelink,
  leftDirectory,
  planRelink,
  relink,
  untilRelinked,
  verify,
  withRelinking,
} from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import type { ChangeOptions, CliCommand, Result } from '../command';
import type { Context } from '../context';
import { follow, withProgress } from '../waiting';
import { planDocument, planLines } from './relink-lines';
import { progressLine as readingLine, resultLines } from './verify-lines';

interface Options extends ChangeOptions {
  readonly store: string;
  readonly from?: string;
  readonly read?: boolean;
  readonly wait: boolean;
  readonly cancel?: boolean;
}

export function addRelink(program: CliCommand): void {
  program
    .command('relink')
    .description('lead the links of archived files to where their store is now, after its directory has moved')
    .requiredOption('--store <name>', 'the store that moved; the stores file already names its new directory')
    .option('--from <directory>', 'only links that lead into this old directory (default: the only one that there is)')
    .option('--read', 'first read all its copies and compare them: needed after they were copied to another disk')
    .dryRun('only show where the links lead, and which copies are seen where the store is now')
    .yes()
    .option('--no-wait', 'only ask for it, and do not wait until all links lead there')
    .option('--cancel', 'leave the links that are still to be changed as they are')
    .by()
    .examples('relink --store main --dry-run', 'relink --store main --from /mnt/old-nas/archive --read')
    .runs((context, options: Options) => (options.cancel ? cancel(context, options) : lead(context, options)));
}

async function lead(context: Context, options: Options): Promise<Result> {
  const { store, from: named, dryRun = false, yes, wait, by } = options;
  const read = options.read && !dryRun ? await readAgain(context, options) : undefined;
  return withRelinking(context, store, async (relinking) => {
    const plan = await withProgress(context.out, (show) =>
      planRelink(relinking, (links) => show(`${counted(links, 'link')} looked at`)),
    );
    const whole = plan.kept.size === 0 && plan.left === 0 && plan.notOurs === 0 && plan.missingBags.count === 0;
    const shown = [read, planLines(plan)];
    const from = leftDirectory(plan, named);
    const result = { document: { dryRun, asked: 0, ...planDocument(plan) }, lines: shown };
    const exitCode = whole ? exitCodes.ok : exitCodes.partly;
    if (dryRun || from === undefined || !plan.elsewhere.has(from)) return { ...result, exitCode };
    await context.confirm([shown, `Lead the links from ${from} to ${plan.directory}?`], yes);
    const asked = await relink(relinking, from, by, context.notify);
    const document = { ...result.document, asked, from };
    if (!wait) return { document, lines: `${counted(asked, 'link')} asked for.`, exitCode };
    const { stuck } = await follow(
      context.out,
      untilRelinked(relinking.register, store),
      ({ files }) => `${counted(files, 'link')} to go`,
    );
    return {
      document: { ...document, stuck },
      lines: [
        `${counted(asked - stuck, 'link')} now lead to ${plan.directory}.`,
        stuck > 0 && `${counted(stuck, 'file')} stuck: "coldroom files list --state stuck" says why.`,
      ],
      exitCode: stuck > 0 ? exitCodes.partly : exitCode,
    };
  });
}

/** Copies with the right content count as proven where they are now. */
async function readAgain(context: Context, { store, by }: Options): Promise<ReturnType<typeof resultLines>> {
  const order = { filter: { store }, bytesPerSecond: Infinity, acceptChanged: true };
  const done = await context.register((register) =>
    withProgress(context.out, (show) => verify(context, register, order, by, (now) => show(readingLine(now)))),
  );
  return resultLines(done);
}

async function cancel(context: Context, { store, dryRun = false, by }: Options): Promise<Result> {
  return context.register(async (register) => {
    const left = dryRun
      ? (await register.relinks.progress(store)).files
      : await cancelRelink(register, store, by, context.notify);
    return {
      document: { dryRun, cancelled: left },
      lines: `${dryRun ? 'Would stay' : 'Stay'} as they are: ${counted(left, 'link')}.`,
    };
  });
}
