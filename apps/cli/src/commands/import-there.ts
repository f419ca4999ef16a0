import { isAbsolute } from 'node:path';
import type { z } from 'zod';
import { importAnswer, importReview, type importOrdered } from '@coldroom/api';
import { Transient } from '@coldroom/domain';
import { isImportEnded, UsageError, waiting, type Waiting } from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import type { Result } from '../command';
import type { Context } from '../context';
import { patiently } from '../patience';
import type { Server } from '../server';
import { follow } from '../waiting';
import { endLine, exitCodeOf, orderedLine, plannedLines, previewLines, waitLine } from './import-lines';
import type { ListedImport, ShownImport } from './import-lines';
import { sharedWish, type ImportCommandOptions } from './import-wish';

type Order = z.output<typeof importOrdered>['import'];
type Plan = Extract<z.output<typeof importAnswer>, { readonly plan: object }>;

const pauseMs = 2000;
const previewLimitMs = 20 * 60_000;

/** An order as the register gives it; the REST API names its path as it is shown. */
export const listed = ({ source, ...order }: Order): ListedImport => ({ ...order, display: source });

export const shownThere = ({ import: order, ...rest }: z.output<typeof importReview>): ShownImport => ({
  ...rest,
  order: listed(order),
});

/** Orders imports by the REST API of a console. Paths are those of the server. */
export async function importThere(
  context: Context,
  paths: readonly string[],
  target: string,
  options: ImportCommandOptions,
): Promise<Result> {
  const relative = paths.find((path) => !isAbsolute(path));
  if (relative !== undefined)
    throw new UsageError(`With --server a path is one of the server: "${relative}" is not absolute`);
  const server = context.server();
  const { login: person, group, transfer, options: wanted } = sharedWish(options);
  const bodies = paths.map((path) => ({ path, target, person, group, transfer, ...wanted }));
  if (options.dryRun) return preview(context, server, bodies);
  // All are checked before the first is ordered.
  if (bodies.length > 1) for (const body of bodies) await planned(server, body);
  const ordered: { readonly recorded: ListedImport; readonly isNew: boolean }[] = [];
  for (const body of bodies) {
    const answer = await server.post('imports', importAnswer, body);
    if (!('import' in answer)) throw new TypeError('the server has answered an order with a plan');
    ordered.push({ recorded: listed(answer.import), isNew: answer.isNew });
  }
  const lines = ordered.map(orderedLine);
  const imports = ordered.map(({ recorded, isNew }) => ({ ...recorded, isNew }));
  if (!options.wait) return { document: { imports }, lines };
  context.out.note(lines);
  const ids = [...new Set(imports.map(({ id }) => id))];
  const ended = await follow(context.out, untilImportedThere(server, ids), waitLine);
  return { document: { imports: ended }, lines: ended.map(endLine), exitCode: exitCodeOf(ended) };
}

async function planned(server: Server, body: object): Promise<Plan> {
  const answer = await server.post('imports', importAnswer, { ...body, dryRun: true });
  if ('plan' in answer) return answer;
  throw new TypeError('the server has answered a dry run with what it did');
}

async function preview(context: Context, server: Server, bodies: readonly object[]): Promise<Result> {
  const found: Plan[] = [];
  for (const body of bodies)
    found.push(await follow(context.out, untilPreviewed(server, body), () => 'looking at the files'));
  const all = found.map(({ plan: { source, ...order }, preview: each }) => ({
    order: { ...order, display: source },
    preview: each!,
  }));
  return {
    document: { dryRun: true, imports: all.map(({ order, preview: each }) => ({ ...order, preview: each })) },
    lines: all.map(({ order, preview: each }) => [plannedLines({ order }), previewLines(each)]),
    exitCode: all.every(({ preview: each }) => each.refusedCount === 0) ? exitCodes.ok : exitCodes.partly,
  };
}

/** The importer looks at the files meanwhile. */
async function* untilPreviewed(server: Server, body: object): AsyncGenerator<Waiting<Plan>, Plan> {
  const begun = performance.now();
  return yield* waiting({
    read: () => patiently(() => planned(server, body), pauseMs),
    isOver: ({ preview: found }) => {
      if (found === null && performance.now() - begun > previewLimitMs) throw notAnswered();
      return found !== null;
    },
    pauseMs,
  });
}

const notAnswered = (): Transient =>
  new Transient(
    'IMPORT_PREVIEW_NOT_ANSWERED',
    'The importer has not answered what it would import. Check that it is running, and try again.',
  );

async function* untilImportedThere(
  server: Server,
  ids: readonly bigint[],
): AsyncGenerator<Waiting<readonly ListedImport[]>, readonly ListedImport[]> {
  const orders = new Map<bigint, ListedImport>();
  const isOver = (id: bigint): boolean => orders.has(id) && isImportEnded(orders.get(id)!.state);
  return yield* waiting({
    read: async () => {
      for (const id of ids.filter((each) => !isOver(each)))
        orders.set(id, listed((await patiently(() => server.get(`imports/${id}`, importReview), pauseMs)).import));
      return [...orders.values()];
    },
    isOver: () => ids.every(isOver),
    // The API limits requests a minute.
    pauseMs: Math.max(pauseMs, 200 * ids.length),
  });
}
