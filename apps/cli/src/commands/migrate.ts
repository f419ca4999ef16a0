import type { Command } from 'commander';
import { migrate } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import type { Act } from '../context';
import { examples } from '../examples';

export function addMigrate(program: Command, act: Act): void {
  program
    .command('migrate')
    .description("bring the register to this version's tables; services do so themselves when they start")
    .addHelpText('after', examples('migrate'))
    .action(() =>
      act(async (context) => {
        const url = context.settings('register').REGISTER_DATABASE_URL;
        const done = await context.register(() => migrate(url, (line) => context.out.note(line)));
        context.out.result({ migrations: done }, () =>
          done.length > 0 ? done.map((name) => `${name} done`) : ['The register is up to date.'],
        );
        return exitCodes.ok;
      }),
    );
}
