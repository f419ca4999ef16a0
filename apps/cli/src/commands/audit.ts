import {
  acknowledgeDeleted,
  auditAll,
  parseIds,
  planAcknowledgement,
  UsageError,
  type Report,
} from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatCount } from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { parseWhole } from '../parsing';
import { withProgress } from '../waiting';
import { documentOf, linesOf } from './audit-lines';

interface Options {
  readonly fix?: boolean;
  readonly store?: string;
  readonly limit: string;
  readonly acknowledge?: string;
  readonly yes?: boolean;
  readonly by: string;
}

export function addAudit(program: CliCommand): void {
  program
    .command('audit')
    .description("compare OMERO's database and files, the register and the stores, and report every discrepancy")
    .option(
      '--fix',
      'write marks and image.archived in OMERO again where they are not what the register says, and count wrong totals of the register again; nothing else is changed',
    )
    .option('--store <name>', 'only what is in this store; images in OMERO and totals are left out')
    .option('--limit <count>', 'show so many of each kind; all are counted', '20')
    .option(
      '--acknowledge <images>',
      'no audit, but say of Image:7,8 that they were deleted in OMERO on purpose (IMAGE_DELETED): audits then count them and no longer show them; nothing is deleted; asks first, see --yes and --by',
    )
    .yes()
    .by()
    .examples('audit', 'audit --json --limit 1000', 'audit --store main', 'audit --acknowledge Image:7,8')
    .runs((context, options: Options) =>
      options.acknowledge === undefined ? run(context, options) : acknowledge(context, options.acknowledge, options),
    );
}

async function run(context: Context, { fix = false, store, by, limit }: Options): Promise<Result> {
  const order = { fix, store, by, limit: parseWhole(limit, '--limit') };
  const report = await withProgress(context.out, (show) =>
    auditAll(context, order, (sofar) => show(progressLine(sofar))),
  );
  return {
    document: documentOf(report, fix),
    lines: linesOf(report, fix),
    exitCode: report.clean ? exitCodes.ok : exitCodes.partly,
  };
}

function progressLine(report: Report): string {
  const { looked } = report;
  const found = [...report.findings().values()].reduce((sum, { total }) => sum + total, 0);
  return `${counted(looked.files, 'file')}, ${counted(looked.bags, 'bag')}, ${counted(looked.held + looked.online, 'file')} held or near, ${counted(looked.images, 'image')}; found: ${formatCount(found)}`;
}

async function acknowledge(context: Context, images: string, { yes, by, fix, store }: Options): Promise<Result> {
  if (fix === true || store !== undefined)
    throw new UsageError('--acknowledge cannot be combined with --fix or --store: it audits nothing');
  const ids = parseIds([images], 'Image');
  return context.register(async (register) => {
    const plan = await planAcknowledgement(context, register, ids);
    const { before, open } = plan;
    if (open === 0) return { document: { acknowledged: 0, before }, lines: 'All of them were acknowledged before.' };
    await context.confirm(
      `${counted(open, 'image')} that OMERO no longer has: audits will count them and no longer show them. Their copies stay in the store. Continue?`,
      yes,
    );
    const acknowledged = await acknowledgeDeleted(register, plan, by);
    return {
      document: { acknowledged, before },
      lines: `${counted(acknowledged, 'image')}: noted as deleted on purpose, by ${by}. The copies stay in the store.`,
    };
  });
}
