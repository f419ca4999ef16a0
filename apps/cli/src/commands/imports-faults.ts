import { formatAge } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { parseWhole } from '../parsing';

export function addImportsFaults(imports: CliCommand): void {
  imports
    .command('faults')
    .description('list sets of watched buffers that cannot be ordered, with the reason')
    .option('--limit <count>', 'how many at most', '100')
    .examples('imports faults')
    .runs(async (context, options: { readonly limit: string }) => {
      const limit = parseWhole(options.limit, '--limit');
      const faults = await context.register((register) => register.imports.watched.faults(limit));
      const now = new Date();
      return {
        document: { faults },
        lines:
          faults.length === 0
            ? 'No set of a watched buffer has a fault'
            : faults.flatMap(({ display, fault, since }) => [
                `${display}  unchanged for ${formatAge(since, now)}`,
                `  ${fault}`,
              ]),
      };
    });
}
