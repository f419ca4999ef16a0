import type { Command } from 'commander';
import { exitCodes } from '@coldroom/runtime';
import { person, type Act } from '../context';
import { examples } from '../examples';
import { notFound } from '@coldroom/operations';
import { byOption } from '../options';

export function addResume(program: Command, act: Act): void {
  program
    .command('resume')
    .argument('[name]', 'all, stage:<name> or store:<name>; without it everything that is stopped')
    .description('resume what an administrator or the error limit stopped')
    .option(...byOption)
    .addHelpText('after', examples('resume', 'resume stage:link'))
    .action((name: string | undefined, options: { readonly by?: string }) =>
      act(async (context) => {
        const { resumed, left } = await context.register(async (register) => {
          const before = await register.switches.list();
          if (name !== undefined && !before.some((one) => one.name === name)) {
            const known = before.filter((one) => one.stopped).map((one) => one.name);
            throw notFound(
              `switch ${name}`,
              'NO_SUCH_SWITCH',
              known.length > 0 ? `stopped are ${known.join(', ')}` : 'nothing is stopped',
            );
          }
          await register.switches.resume(name, options.by ?? person());
          const after = (await register.switches.list()).filter((one) => one.stopped).map((one) => one.name);
          return {
            resumed: before.filter((one) => one.stopped && !after.includes(one.name)).map((one) => one.name),
            left: after,
          };
        });
        context.out.result({ resumed, stillStopped: left }, () => [
          resumed.length > 0 ? `Goes on: ${resumed.join(', ')}` : 'Nothing was stopped.',
          ...(left.length > 0 ? [`Still stopped: ${left.join(', ')}`] : []),
        ]);
        return exitCodes.ok;
      }),
    );
}
