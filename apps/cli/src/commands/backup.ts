import {
  backup,
  backupWithoutRegister,
  prepareBackup,
  previewBackup,
  type BackupOrder,
  type BackupPreview,
  type BackupResult,
  type ExitCode,
} from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import { below, counted, formatBytes, type Lines } from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { crashAsSet } from '../crashes';
import { styled } from '../output';
import { withProgress } from '../waiting';

interface Options {
  readonly prepare?: boolean;
  readonly dryRun?: boolean;
  readonly by: string;
}

export function addBackup(program: CliCommand): void {
  program
    .command('backup')
    .description(
      "dump the register, and OMERO's database where BACKUP_OMERO_DATABASE_URL is set, to the places that are set; then remove old dumps",
    )
    .option('--prepare', 'mark the backup directory as the right disk, once, and make no backup')
    .dryRun('show what is there, what would be written and which old dumps would be removed')
    .by()
    .examples('backup --prepare', 'backup --dry-run', 'backup')
    .runs(runBackup);
}

async function runBackup(context: Context, { prepare = false, dryRun = false, by }: Options): Promise<Result> {
  if (prepare) {
    const prepared = await prepareBackup(context);
    return { document: { prepared }, lines: `${prepared} is marked as the place for backups. Next: coldroom backup` };
  }
  if (dryRun) {
    const previews = await previewBackup(context);
    return { document: { dryRun, backups: previews }, lines: previews.map(previewLines) };
  }
  crashAsSet(context.env);
  const results = await withProgress(context.out, async (show) => {
    const order: BackupOrder = {
      by,
      progress: ({ name, to, bytes }) => show(`${name} to ${to}: ${formatBytes(bytes)}`),
    };
    let begun = false;
    try {
      return await context.register((register) => {
        begun = true;
        return backup(context, register, order);
      });
    } catch (error) {
      if (begun) throw error;
      return backupWithoutRegister(context, order, error);
    }
  });
  return { document: { backups: results }, lines: results.map(resultLines), exitCode: exitCodeOf(results) };
}

function previewLines({ to, name, dumps, old }: BackupPreview): Lines {
  return [
    `${to}: ${name} would be written; ${counted(dumps.length, 'dump')} of this database there`,
    below(dumps),
    old.length > 0 && [`Would be removed after that, if all others are good:`, below(old)],
  ];
}

function resultLines({ to, name, bytes, sha256, removed, damaged, failure }: BackupResult): Lines {
  return [
    failure
      ? styled('red', `${to}: ${name}: ${failure.code}: ${failure.message}`)
      : `${to}: ${name}, ${formatBytes(bytes)}, SHA-256 ${sha256}`,
    removed.length > 0 && below(`old, removed: ${removed.join(', ')}`),
    damaged.length > 0 &&
      below(styled('red', `not what their checksums say, and left there: ${damaged.join(', ')}. Check the disk`)),
  ];
}

function exitCodeOf(results: readonly BackupResult[]): ExitCode {
  const failures = results.flatMap(({ failure }) => failure ?? []);
  const [first] = failures;
  if (first && failures.length === results.length) return first.exitCode;
  return first || results.some(({ damaged }) => damaged.length > 0) ? exitCodes.partly : exitCodes.ok;
}
