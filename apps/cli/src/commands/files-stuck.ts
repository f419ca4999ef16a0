import { abandon, amount, parseTargets, planAbandon, planRetry, retry } from '@coldroom/operations';
import type { Target } from '@coldroom/register';
import { counted } from '@coldroom/terminal';
import type { ChangeOptions, CliCommand } from '../command';
import { words } from '../lines';

const objects = 'File:12,13 or Request:3 or Fileset:9 or Image:7; a number alone is a file';

function targetsOf(named: readonly string[]): readonly Target[] {
  return parseTargets(named, ['File', 'Request', 'Fileset', 'Image'], 'File');
}

export function addFilesRetry(files: CliCommand): void {
  files
    .command('retry')
    .argument('<objects...>', objects)
    .description('try stuck files again: from the start while their bag was open, else from where they stood')
    .dryRun('only show what would be tried again')
    .by()
    .examples('files retry File:12', 'files retry Request:3 --dry-run')
    .runs(async (context, named: readonly string[], { dryRun = false, by }: ChangeOptions) => {
      const targets = targetsOf(named);
      return context.register(async (register) => {
        const stuck = await planRetry(register, targets);
        const retried = dryRun ? 0 : await retry(register, targets, by, context.notify);
        const done = dryRun
          ? `Would be tried again: ${words(amount(stuck))}`
          : `Tried again: ${counted(retried, 'file')}; "coldroom watch" shows how far they are`;
        return {
          document: { dryRun, stuck, retried },
          lines:
            stuck.length === 0
              ? 'None of these files is stuck.'
              : [stuck.map((row) => `${row.code}: ${counted(row.files, 'file')}`), done],
        };
      });
    });
}

export function addFilesAbandon(files: CliCommand): void {
  files
    .command('abandon')
    .argument('<objects...>', objects)
    .description(
      'give up stuck files for good, and with each the rest of its fileset as far as it is not linked; originals stay as they are',
    )
    .dryRun('only show what would be given up')
    .yes()
    .by()
    .examples('files abandon File:12', 'files abandon Fileset:9 --dry-run')
    .runs(async (context, named: readonly string[], { dryRun = false, yes, by }: ChangeOptions) => {
      const targets = targetsOf(named);
      return context.register(async (register) => {
        const plan = await planAbandon(register, targets);
        if (plan.stuck === 0)
          return {
            document: { dryRun, plan, abandoned: 0 },
            lines:
              'None of these files is stuck; only stuck files can be given up ("coldroom undo" turns back the others).',
          };
        if (!dryRun)
          await context.confirm(
            `${words(plan)} will be given up: a fileset is given up as a whole. The originals stay as they are. Continue?`,
            yes,
          );
        const abandoned = dryRun ? 0 : await abandon(register, targets, by, context.notify);
        const what = `${counted(dryRun ? plan.files : abandoned, 'file')}: ${counted(plan.stuck, 'stuck file')} and the rest of ${plan.stuck === 1 ? 'its fileset' : 'their filesets'}`;
        return {
          document: { dryRun, plan, abandoned },
          lines: `${dryRun ? 'Would be given up' : 'Given up'}: ${what}. The originals stay as they are.`,
        };
      });
    });
}
