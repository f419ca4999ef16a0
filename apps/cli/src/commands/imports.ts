import { importStates, type ImportState } from '@coldroom/domain';
import { listImports, operator, showImport, type ImportListing } from '@coldroom/operations';
import type { CliCommand } from '../command';
import { parseNames, parseWhole } from '../parsing';
import { addImportsFaults } from './imports-faults';
import { listLines, showLines } from './import-lines';
import { shown } from './import-wish';

/** Only looks: no name is recorded. */
const reader = 'coldroom';

export function addImports(program: CliCommand): void {
  const imports = program.command('imports').description('imports into OMERO: look, try again, cancel');
  imports
    .command('list')
    .description('list imports, newest first')
    .option('--state <states>', `only these, separated by commas: ${importStates.join(', ')}`)
    .option('--limit <count>', 'how many at most', '100')
    .examples('imports list', 'imports list --state stuck --json')
    .runs(async (context, options: { readonly state?: string; readonly limit: string }) => {
      const limit = parseWhole(options.limit, '--limit');
      const states =
        options.state === undefined ? undefined : parseNames(options.state, importStates, 'state of an import');
      const found = await context.register<ImportListing>((register) =>
        listImports(operator(register, reader), { states, limit }),
      );
      return {
        document: { imports: found.imports.map(shown), counts: Object.fromEntries(found.counts) as StateCounts },
        lines: listLines(found.imports, new Date()),
      };
    });
  imports
    .command('show')
    .argument('<import>', 'its number')
    .description('show how far an import is, and what happened to it')
    .examples('imports show 7')
    .runs(async (context, word: string) => {
      const id = BigInt(parseWhole(word, 'imports show'));
      const details = await context.register((register) => showImport(operator(register, reader), id));
      return { document: { ...details, order: shown(details.order) }, lines: showLines(details) };
    });
  addImportsFaults(imports);
}

type StateCounts = Readonly<Partial<Record<ImportState, number>>>;
