import {
  bulkFile,
  csvFile,
  openImports,
  operator,
  orderBulk,
  orderImport,
  planImport,
  UsageError,
  type BulkRow,
  type ImportWish,
} from '@coldroom/operations';
import type { ImportPair } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import type { Result } from '../command';
import type { Context } from '../context';
import { withProgress } from '../waiting';
import { sharedWish, type ImportCommandOptions } from './import-wish';
import { bulkLines } from './import-lines';

export async function importBulk(
  context: Context,
  paths: readonly string[],
  options: ImportCommandOptions,
): Promise<Result> {
  const { bulk, csv, by, dryRun = false, skipBad = false } = options;
  if (paths.length > 0 || (bulk !== undefined && csv !== undefined))
    throw new UsageError('import takes paths, or --bulk, or --csv');
  if (options.target !== undefined) throw new UsageError('--target is in the file');
  if (options.wait) throw new UsageError('--wait is for paths: "coldroom imports list" shows how far the rows are');
  const file = bulk === undefined ? csvFile(csv as string) : await bulkFile(bulk);
  const shared = sharedWish(options);
  const imports = await openImports(context);
  return context.register(async (register) => {
    const reviewer = operator(register, by);
    const result = await withProgress(context.out, (show) => {
      let done = 0;
      const check = async (row: BulkRow): Promise<void> => {
        await planImport(reviewer, imports, wishOf(row, shared));
        show(`${(done += 1)} rows checked`);
      };
      const order = async (row: BulkRow) => {
        const { recorded, isNew } = await orderImport(reviewer, imports, wishOf(row, shared));
        return { id: recorded.id, isNew };
      };
      return orderBulk(file, { check, order }, { skipBad, dryRun });
    });
    const exitCode = result.faultCount > 0 ? exitCodes.partly : exitCodes.ok;
    return { document: { dryRun, ...result }, lines: bulkLines(result, dryRun), exitCode };
  });
}

/** What a row says counts more than the options of the command. */
function wishOf(
  { path, target, transfer, name, description, annotations }: BulkRow,
  shared: Omit<ImportWish, 'path' | 'target'>,
): ImportWish {
  return {
    ...shared,
    path: Buffer.from(path),
    target,
    transfer: transfer ?? shared.transfer,
    options: {
      ...shared.options,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...annotationsOf(annotations, shared.options.annotations),
    },
    origin: 'bulk',
  };
}

/** Pairs of the row, and those of the command whose keys it does not have. */
function annotationsOf(
  ofRow: readonly ImportPair[],
  shared: readonly ImportPair[] = [],
): { readonly annotations?: readonly ImportPair[] } {
  const keys = new Set(ofRow.map(([key]) => key));
  const annotations = [...ofRow, ...shared.filter(([key]) => !keys.has(key))];
  return annotations.length === 0 ? {} : { annotations };
}
