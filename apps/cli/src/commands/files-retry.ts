import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatBytes } from '@coldroom/terminal';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { amount, byCode, selectedFiles } from '@coldroom/operations';
import { byOption } from '../options';
import { parseTargets } from '@coldroom/operations';
import { oneByOne } from '../waiting';

interface Options {
  readonly dryRun?: boolean;
  readonly by?: string;
}

export function addFilesRetry(files: Command, act: Act): void {
  files
    .command('retry')
    .argument('<objects...>', 'File:12,13 or Request:3 or Fileset:9 or Image:7; a number alone is a file')
    .description('try stuck files again: from the start while their bag was open, else from where they stood')
    .option('--dry-run', 'only show what would be tried again')
    .option(...byOption)
    .addHelpText('after', examples('files retry File:12', 'files retry Request:3 --dry-run'))
    .action((words: readonly string[], options: Options) => act((context) => retry(context, words, options)));
}

async function retry(
  context: Context,
  words: readonly string[],
  { dryRun = false, by = person() }: Options,
): Promise<ExitCode> {
  const targets = parseTargets(words, ['File', 'Request', 'Fileset', 'Image'], 'File');
  return context.register(async (register) => {
    const stuck = (await selectedFiles(register, targets, 'files')).filter((row) => row.state === 'stuck' && row.inBag);
    const counts = dryRun
      ? []
      : await oneByOne(context.out, targets, (target) => register.operator.retry(target, bagName, by));
    const retried = counts.reduce((sum, count) => sum + count, 0);
    context.out.result({ dryRun, stuck: byCode(stuck), retried }, () => {
      const { files, bytes } = amount(stuck);
      if (files === 0) return ['None of these files is stuck.'];
      return [
        ...byCode(stuck).map((row) => `${row.code}: ${counted(row.files, 'file')}`),
        dryRun
          ? `Would be tried again: ${counted(files, 'file')}, ${formatBytes(bytes)}`
          : `Tried again: ${counted(retried, 'file')}; "coldroom watch" shows how far they are`,
      ];
    });
    return exitCodes.ok;
  });
}

/** Bag names cannot be guessed, so nothing foreign waits under one. */
function bagName(nr: number): string {
  return `retry-${nr}-${randomBytes(8).toString('hex')}`;
}
