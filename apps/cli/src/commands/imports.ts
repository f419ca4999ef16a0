import { importReview, importsPage, importSteered } from '@coldroom/api';
import { importStates, type ImportState } from '@coldroom/domain';
import { cancelImport, listImports, operator, retryImport, showImport, type SteeredImport } from '@coldroom/operations';
import type { ChangeOptions, CliCommand, Result } from '../command';
import { parseNames, parseWhole } from '../parsing';
import { addImportsFaults } from './imports-faults';
import { listLines, showLines, type ListedImport, type ShownImport } from './import-lines';
import { listed, shownThere } from './import-there';
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
      return context.either<Result>(
        async (register) => {
          const found = await listImports(operator(register, reader), { states, limit });
          return {
            document: { imports: found.imports.map(shown), counts: Object.fromEntries(found.counts) as StateCounts },
            lines: listLines(found.imports, new Date()),
          };
        },
        async (server) => {
          const found = (await server.all('imports', importsPage, { state: states }, limit)).map(listed);
          return { document: { imports: found }, lines: listLines(found, new Date()) };
        },
      );
    });
  imports
    .command('show')
    .argument('<import>', 'its number')
    .description('show how far an import is, and what happened to it')
    .examples('imports show 7')
    .runs(async (context, word: string) => {
      const id = BigInt(parseWhole(word, 'imports show'));
      const details = await context.either<ShownImport>(
        async (register) => {
          const found = await showImport(operator(register, reader), id);
          return { ...found, order: shown(found.order) };
        },
        async (server) => shownThere(await server.get(`imports/${id}`, importReview)),
      );
      return { document: details, lines: showLines(details) };
    });
  addImportsFaults(imports);
  imports
    .command('retry')
    .argument('<imports...>', 'their numbers')
    .description('have stuck imports go on; what OMERO has of them is looked for first')
    .by()
    .examples('imports retry 7', 'imports retry 7 8')
    .runs(async (context, words: readonly string[], { by }: ChangeOptions) => {
      const ids = numbersOf(words, 'imports retry');
      return context.either(
        (register) => steerAll(ids, (id) => retryImport(operator(register, by), id)),
        (server) => steerAll(ids, (id) => server.post(`imports/${id}/retry`, importSteered, {})),
      );
    });
  imports
    .command('cancel')
    .argument('<imports...>', 'their numbers')
    .description('end imports that are not in OMERO yet; their sources stay as they are')
    .yes()
    .by()
    .examples('imports cancel 7')
    .runs(async (context, words: readonly string[], { yes, by }: ChangeOptions) => {
      const ids = numbersOf(words, 'imports cancel');
      const confirmed = async (read: (id: bigint) => Promise<ListedImport>): Promise<void> => {
        const orders: ListedImport[] = [];
        for (const id of ids) orders.push(await read(id));
        await context.confirm([listLines(orders, new Date()), 'End these imports?'], yes);
      };
      return context.either(
        async (register) => {
          await confirmed(async (id) => (await showImport(operator(register, by), id)).order);
          return steerAll(ids, (id) => cancelImport(operator(register, by), id));
        },
        async (server) => {
          await confirmed(async (id) => listed((await server.get(`imports/${id}`, importReview)).import));
          return steerAll(ids, (id) => server.delete(`imports/${id}`, importSteered));
        },
      );
    });
}

function numbersOf(words: readonly string[], where: string): readonly bigint[] {
  return [...new Set(words)].map((word) => BigInt(parseWhole(word, where)));
}

async function steerAll(ids: readonly bigint[], steer: (id: bigint) => Promise<SteeredImport>): Promise<Result> {
  const imports: SteeredImport[] = [];
  for (const id of ids) imports.push(await steer(id));
  return {
    document: { imports },
    lines: imports.map(({ id, state, done }) =>
      done ? `Import ${id}: ${state}` : `Import ${id}: the importer ends it when what runs has ended`,
    ),
  };
}

type StateCounts = Readonly<Partial<Record<ImportState, number>>>;
