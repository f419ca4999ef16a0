import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { byOption } from '../options';
import { waitUntil } from '../waiting';

/**
 * A linker reads the switches before each original and may rely on an answer that is 0.2 s old: a linker that passed
 * that check before the stop holds its claim by then, so it is seen and waited for.
 */
const finishMs = 1000;

export function addStop(program: Command, act: Act): void {
  program
    .command('stop')
    .description(
      'stop everything: from the moment this returns not one more original is replaced or released, until "coldroom resume"',
    )
    .option('--reason <text>', 'why; shown to everybody', 'no reason given')
    .option(...byOption)
    .addHelpText('after', examples('stop --reason "disk 4 is being replaced"'))
    .action((options: { readonly reason: string; readonly by?: string }) =>
      act(async (context) =>
        context.register(async (register) => {
          await register.switches.stop('all', options.reason, options.by ?? person());
          context.out.note(
            'The stop is set; it holds even if you do not wait. Waiting for the linker to end what it has begun.',
          );
          await untilNobodyLinks(context, register);
          context.out.result({ stopped: 'all', reason: options.reason }, () => [
            'Stopped: no original is being replaced, and none will be until "coldroom resume".',
          ]);
          return exitCodes.ok;
        }),
      ),
    );
}

async function untilNobodyLinks(context: Context, register: Register): Promise<void> {
  await sleep(finishMs);
  await waitUntil(context.out, {
    read: async () =>
      (await register.reports.progress())
        .filter(({ state }) => state === 'sealed' || state === 'linked')
        .reduce((sum, row) => sum + row.claimed, 0),
    isOver: (claimed) => claimed === 0,
    line: (claimed) =>
      `${counted(claimed, 'bag')} still in the hands of a linker; one that was killed lets go when its lease ends`,
  });
}
