import { resume, stop, untilNoneIsLinked } from '@coldroom/operations';
import { counted } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { follow } from '../waiting';

interface By {
  readonly by: string;
}

export function addStop(program: CliCommand): void {
  program
    .command('stop')
    .description(
      'stop everything: from the moment this returns not one more original is replaced or released, until "coldroom resume"',
    )
    .option('--reason <text>', 'why; shown to everyone', 'no reason given')
    .by()
    .examples('stop --reason "disk 4 is being replaced"')
    .runs(async (context, { reason, by }: By & { readonly reason: string }) => {
      await context.register(async (register) => {
        await stop(register, reason, by);
        context.out.note(
          'The stop is set; it holds even if you do not wait. Waiting for the linker to end what it has begun.',
        );
        await follow(
          context.out,
          untilNoneIsLinked(register),
          (bags) =>
            `A linker still works on ${counted(bags, 'bag')}; one that was killed loses them when its lease ends`,
        );
      });
      return {
        document: { stopped: 'all', reason },
        lines: 'Stopped: no original is being replaced, and none will be until "coldroom resume".',
      };
    });
}

export function addResume(program: CliCommand): void {
  program
    .command('resume')
    .argument('[name]', 'all, stage:<name> or store:<name>; without it everything that is stopped')
    .description('resume what an administrator or the error limit stopped')
    .by()
    .examples('resume', 'resume stage:link')
    .runs(async (context, name: string | undefined, { by }: By) => {
      const done = await context.register((register) => resume(register, name, by));
      const { resumed, stillStopped } = done;
      return {
        document: done,
        lines: [
          resumed.length > 0 ? `Resumed: ${resumed.join(', ')}` : 'Nothing was stopped.',
          stillStopped.length > 0 && `Still stopped: ${stillStopped.join(', ')}`,
        ],
      };
    });
}
