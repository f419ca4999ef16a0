import { stat } from 'node:fs/promises';
import { messageOf, Refused } from '@coldroom/domain';
import { invalid, type RowFile } from './bulk-file';
import { readRows, type BulkFault, type BulkRow } from './bulk-rows';

/** What is done with each row: both throw `Refused` for a row that cannot be ordered. */
export interface BulkRows {
  /** Whether the row could be ordered; changes nothing. */
  check(row: BulkRow): Promise<void>;
  order(row: BulkRow): Promise<{ readonly id: bigint; readonly isNew: boolean }>;
}

export interface BulkResult {
  readonly rows: number;
  readonly ordered: number;
  /** Rows that are the order of someone's earlier click, or of another row. */
  readonly known: number;
  readonly faultCount: number;
  /** The first of them. */
  readonly faults: readonly BulkFault[];
}

const shown = 100;

/**
 * Orders what the rows of a file say. All rows are checked first: with one that cannot be ordered, none is, unless
 * `skipBad`. The file is read twice, so that it may have any number of rows; it must not change in between.
 * `Refused` `IMPORT_BULK_ROWS` (its details have the faults), `IMPORT_BULK_INVALID`, `IMPORT_BULK_CHANGED`.
 */
export async function orderBulk(
  file: RowFile,
  rows: BulkRows,
  { skipBad = false, dryRun = false, ordered = () => undefined }: BulkOptions = {},
): Promise<BulkResult> {
  const before = await versionOf(file);
  const checked = await all(file, (row) => rows.check(row));
  if (checked.rows === 0) throw new Refused('IMPORT_BULK_INVALID', `${file.path} has no rows.`);
  const bad = checked.faultCount > 0;
  if (dryRun) return { ...checked, ordered: 0, known: 0 };
  if (bad && !skipBad) throw badRows(file, checked);
  if ((await versionOf(file)) !== before)
    throw new Refused(
      'IMPORT_BULK_CHANGED',
      `${file.path} was changed while it was read. Nothing was ordered: try again.`,
    );
  let [made, known] = [0, 0];
  const result = await all(file, async (row) => {
    const { id, isNew } = await rows.order(row);
    if (isNew) made += 1;
    else known += 1;
    ordered(row, id, isNew);
  });
  return { ...result, ordered: made, known };
}

export interface BulkOptions {
  /** Orders the good rows where others are bad. */
  readonly skipBad?: boolean;
  /** Only checks. */
  readonly dryRun?: boolean;
  readonly ordered?: (row: BulkRow, id: bigint, isNew: boolean) => void;
}

type Checked = Pick<BulkResult, 'rows' | 'faultCount' | 'faults'>;

async function all(file: RowFile, work: (row: BulkRow) => Promise<void>): Promise<Checked> {
  const faults: BulkFault[] = [];
  let [rows, faultCount] = [0, 0];
  for await (const row of readRows(file)) {
    rows += 1;
    const fault = 'fault' in row ? row : await faultOf(row, work);
    if (!fault) continue;
    faultCount += 1;
    if (faults.length < shown) faults.push(fault);
  }
  return { rows, faultCount, faults };
}

/** What is not the fault of the row, such as a register that does not answer, ends it all. */
async function faultOf(row: BulkRow, work: (row: BulkRow) => Promise<void>): Promise<BulkFault | undefined> {
  try {
    await work(row);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return { line: row.line, fault: messageOf(error) };
    throw error;
  }
}

function badRows({ path }: RowFile, { rows, faultCount, faults }: Checked): Refused {
  const lines = faults.map(({ line, fault }) => `- line ${line}: ${fault}`);
  const more = faultCount > faults.length ? [`- and ${faultCount - faults.length} more`] : [];
  return new Refused(
    'IMPORT_BULK_ROWS',
    `${faultCount} of ${rows} rows of ${path} cannot be ordered, so none was:\n${[...lines, ...more].join('\n')}`,
    { faults, faultCount },
  );
}

async function versionOf({ path }: RowFile): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
}
