import { migrate } from '@coldroom/register';
import type { CliCommand } from '../command';

export function addMigrate(program: CliCommand): void {
  program
    .command('migrate')
    .description("bring the register to this version's tables; services do so themselves when they start")
    .examples('migrate')
    .runs(async (context) => {
      const url = context.settings('register').REGISTER_DATABASE_URL;
      const migrations = await context.register(() => migrate(url, (line) => context.out.note(line)));
      return {
        document: { migrations },
        lines: migrations.length > 0 ? migrations.map((name) => `${name} done`) : 'The register is up to date.',
      };
    });
}
