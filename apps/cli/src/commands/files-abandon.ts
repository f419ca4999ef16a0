import type { Command } from 'commander';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatBytes } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { amount, selectedFiles, type SelectedFiles } from '@coldroom/operations';
import { byOption, yesOption } from '../options';
import { parseTargets } from '@coldroom/operations';
import { oneByOne } from '../waiting';

interface Options {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly by?: string;
}

const givenUp: readonly string[] = ['approved', 'hashed', 'copied', 'verified', 'sealed', 'stuck'];

export function addFilesAbandon(files: Command, act: Act): void {
  files
    .command('abandon')
    .argument('<objects...>', 'File:12,13 or Request:3 or Fileset:9 or Image:7; a number alone is a file')
    .description(
      'give up stuck files for good, and with each the rest of its fileset as far as it is not linked; originals stay as they are',
    )
    .option('--dry-run', 'only show what would be given up')
    .option(...yesOption)
    .option(...byOption)
    .addHelpText('after', examples('files abandon File:12', 'files abandon Fileset:9 --dry-run'))
    .action((words: readonly string[], options: Options) => act((context) => abandon(context, words, options)));
}

async function abandon(
  context: Context,
  words: readonly string[],
  { dryRun = false, yes = false, by = person() }: Options,
): Promise<ExitCode> {
  const targets = parseTargets(words, ['File', 'Request', 'Fileset', 'Image'], 'File');
  return context.register(async (register) => {
    const around = await selectedFiles(register, targets, 'files');
    const stuck = amount(around, (row) => row.state === 'stuck' && row.inBag);
    const whole = stuck.files > 0 ? await selectedFiles(register, targets, 'stuck filesets') : [];
    const plan = { stuck: stuck.files, ...amount(whole, isGivenUp) };
    let abandoned = 0;
    if (plan.stuck > 0 && !dryRun) {
      const question = `${counted(plan.files, 'file')} (${formatBytes(plan.bytes)}) will be given up: a fileset is given up as a whole. The originals stay as they are. Continue?`;
      if (!(await confirmed(question, { yes, json: context.out.json }))) {
        context.out.note('Nothing was changed.');
        return exitCodes.failed;
      }
      const counts = await oneByOne(context.out, targets, (target) => register.operator.abandon(target, by));
      abandoned = counts.reduce((sum, count) => sum + count, 0);
    }
    context.out.result({ dryRun, plan, abandoned }, () => {
      if (plan.stuck === 0)
        return [
          'None of these files is stuck; only stuck files can be given up ("coldroom undo" turns back the others).',
        ];
      const what = `${counted(dryRun ? plan.files : abandoned, 'file')}: ${counted(plan.stuck, 'stuck file')} and the rest of ${plan.stuck === 1 ? 'its fileset' : 'their filesets'}`;
      return [`${dryRun ? 'Would be given up' : 'Given up'}: ${what}. The originals stay as they are.`];
    });
    return exitCodes.ok;
  });
}

function isGivenUp(row: SelectedFiles): boolean {
  return row.inBag && givenUp.includes(row.state);
}
