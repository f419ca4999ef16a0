import type { Command } from 'commander';
import { OmeroDatabase } from '@coldroom/omero';
import { exitCodes } from '@coldroom/runtime';
import { holdPaths } from '@coldroom/trees';
import { counted, formatCount } from '@coldroom/terminal';
import { acknowledge } from './audit-acknowledge';
import { audit } from '@coldroom/operations';
import { documentOf, linesOf } from './audit-lines';
import { Report } from '@coldroom/operations';
import type { Act, Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { byOption, parseWhole, yesOption } from '../options';
import { withStores } from '@coldroom/operations';
import { LiveLines } from '../waiting';

interface Options {
  readonly fix?: boolean;
  readonly store?: string;
  readonly limit: string;
  readonly acknowledge?: string;
  readonly yes?: boolean;
  readonly by?: string;
}

export function addAudit(program: Command, act: Act): void {
  program
    .command('audit')
    .description("compare OMERO's database and files, the register and the stores, and report every discrepancy")
    .option(
      '--fix',
      'write marks and image.archived in OMERO anew where they are not what the register says; nothing else is changed',
    )
    .option('--store <name>', 'only what lies in this store; images in OMERO are left out')
    .option('--limit <count>', 'show so many of each kind; all are counted', '20')
    .option(
      '--acknowledge <images>',
      'no audit, but say of Image:7,8 that they were deleted in OMERO on purpose (IMAGE_DELETED): audits count them and show them no more; nothing is deleted; asks first, see --yes and --by',
    )
    .option(...yesOption)
    .option(...byOption)
    .addHelpText(
      'after',
      examples('audit', 'audit --json --limit 1000', 'audit --store main', 'audit --acknowledge Image:7,8'),
    )
    .action((options: Options) =>
      act((context) =>
        options.acknowledge === undefined ? run(context, options) : acknowledge(context, options.acknowledge, options),
      ),
    );
}

async function run(context: Context, { fix = false, store, limit }: Options): Promise<ExitCode> {
  const report = new Report(Number(parseWhole(limit, '--limit')));
  const settings = context.settings('register', 'omero', 'originals', 'stores');
  const omero = OmeroDatabase.connect(settings.OMERO_DATABASE_URL, {
    max: 2,
    ...(settings.OMERO_MANAGED_REPOSITORY === undefined
      ? {}
      : { managedRepository: settings.OMERO_MANAGED_REPOSITORY }),
  });
  const holds = holdPaths(settings);
  const live = new LiveLines(context.out, 'stderr');
  try {
    await withStores(context, async ({ stores, files, dataDir }) => {
      if (store !== undefined) stores.get(store);
      await context.register((register) =>
        audit(
          {
            register,
            omero,
            stores: stores.all,
            files,
            dataDir,
            holds,
            bioFormatsVersion: settings.OMERO_BIOFORMATS_VERSION,
          },
          { fix, store, progress: () => live.spin(progressLine(report)) },
          report,
        ),
      );
    });
  } finally {
    live.clear();
    omero.close().catch(() => undefined); // not waited for: a server that hangs would keep us
  }
  context.out.result(documentOf(report, fix), () => linesOf(report, fix));
  return report.clean ? exitCodes.ok : exitCodes.partly;
}

function progressLine(report: Report): string {
  const { looked } = report;
  const found = [...report.findings().values()].reduce((sum, { total }) => sum + total, 0);
  return `${counted(looked.files, 'file')}, ${counted(looked.bags, 'bag')}, ${counted(looked.held + looked.online, 'file')} held or near, ${counted(looked.images, 'image')}; found: ${formatCount(found)}`;
}
