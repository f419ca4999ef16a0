import { rebuild, type Tally } from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatBytes, formatCount, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { foreignLines, listingLines } from '../lines';
import { withProgress } from '../waiting';

interface Options {
  readonly store?: string;
  readonly dryRun?: boolean;
  readonly restored?: boolean;
  readonly by: string;
}

export function addRebuild(program: CliCommand): void {
  program
    .command('rebuild')
    .description(
      'fill an empty register from the bags of a store, after the register was lost; where it was interrupted, run it again',
    )
    .option('--store <name>', 'the store to read (default: the default store); for several stores, one after the other')
    .option(
      '--restored',
      'the register was restored from a backup: add what the bags know beyond it (end all services first)',
    )
    .dryRun('read everything and report, but write nothing')
    .by()
    .examples('rebuild --dry-run', 'rebuild --store main', 'rebuild --restored')
    .runs(async (context, { store: name, dryRun = false, restored = false, by }: Options) => {
      const { store, tally } = await context.register((register) =>
        withProgress(context.out, (show) => {
          const progress = (done: Tally, bag: string): void => show(progressLine(done, bag));
          return rebuild(context, register, { store: name, dryRun, restored, progress }, by);
        }),
      );
      return {
        document: { dryRun, store, ...tally.document() },
        lines: lines(tally, dryRun),
        exitCode: tally.isWhole ? exitCodes.ok : exitCodes.partly,
      };
    });
}

function progressLine({ found, bags, bytes }: Tally, bag: string): string {
  return `${formatCount(found)} bags found, ${formatCount(bags)} rebuilt (${formatBytes(bytes)}); reading ${bag}`;
}

function lines(tally: Tally, dryRun: boolean): Lines {
  const { files, leftOut, copies, links, heldLeft } = tally;
  const inStore = [
    `${counted(tally.found, 'bag')} in the store`,
    ...(tally.known > 0 ? [`${tally.known} of them known before`] : []),
    ...(tally.validations > 0 ? [`${tally.validations} from "store validate"`] : []),
  ];
  return [
    `${dryRun ? 'Would be rebuilt' : 'Rebuilt'}: ${counted(tally.bags, 'bag')} in ${counted(tally.requestCount, 'request')}, ${formatBytes(tally.bytes)}; ${inStore.join(', ')}`,
    `Archived: ${counted(files.released, 'file')}; with their originals held, so that they can be undone: ${counted(files.linked, 'file')}; no longer archived: ${counted(files.skipped, 'file')}`,
    tally.newRequests.length > 0 &&
      `Filesets in no bag, whose approval is lost, ${dryRun ? 'would be' : 'are'} in new requests: ${tally.newRequests.join(', ')}. Decide about them again`,
    tally.unlisted > 0 && `In bags, but named by no manifest: ${counted(tally.unlisted, 'file')}; left alone`,
    tally.foreign && tally.foreign.count > 0 && foreignLines(tally.foreign),
    listingLines(
      `Left out, ${counted(leftOut.count, 'bag')}; nothing of them was believed:`,
      leftOut,
      ({ bag, code, reason }) => `${bag}: ${code}: ${reason}`,
    ),
    listingLines(
      `Copies that are not right, ${counted(copies.count, 'file')}; put them back from the store's backup:`,
      copies,
      ({ bag, path, code }) => `${bag}: ${path}: ${code}`,
    ),
    listingLines(
      `Not at their paths, ${counted(links.count, 'link')}; deleted in OMERO, or lost:`,
      links,
      ({ bag, path, reason }) => `${bag}: ${path}: ${reason}`,
    ),
    listingLines(
      'In hold directories and not recognised; left alone:',
      heldLeft,
      ({ bag, files: left, of, bytes }) => `${bag}: ${left} of ${counted(of, 'file')} (${formatBytes(bytes)} in all)`,
    ),
    tally.bags > 0 && !dryRun && ['', 'No copy was read. Next: coldroom verify --all'],
  ];
}
