import {
  Refused,
  Transient,
  type FetchOrder,
  type Identity,
  type Availability,
  type Outcome,
  type Work,
} from '@coldroom/domain';
import { displayPath, type Files } from '@coldroom/files';

/** Where the copies of a bag are, below the directory of their store. */
export interface CopiesPlace {
  readonly root: string;
  /** For messages. */
  readonly bag: string;
  readonly at: (path: Buffer) => Buffer;
}

/** Everything on a mounted directory is online. */
export async function availability(
  files: Files,
  place: CopiesPlace,
  paths: readonly Buffer[],
): Promise<readonly Outcome<Availability>[]> {
  return (await look(files, place, paths)).map((each) =>
    'ok' in each ? { ok: { online: true, state: 'local' } } : each,
  );
}

/** Copies out of a bag, one call for each target directory; errors of the target are reported as such. */
export async function fetchFiles(
  files: Files,
  place: CopiesPlace,
  orders: readonly FetchOrder[],
  work: Work,
): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
  const found = await look(
    files,
    place,
    orders.map(({ path }) => path),
  );
  const { root, at } = place;
  const outcomes = new Map<FetchOrder, Outcome<{ readonly size: bigint }>>();
  const ready: { readonly order: FetchOrder; readonly identity: Identity }[] = [];
  orders.forEach((order, nr) => {
    const copy = found[nr]!;
    if ('error' in copy) outcomes.set(order, copy);
    else if (copy.ok.size === order.size) ready.push({ order, identity: copy.ok });
    else
      outcomes.set(order, {
        error: new Refused(
          'COPY_SIZE',
          `The copy of "${displayPath(order.path)}" has ${copy.ok.size} bytes, not ${order.size}.`,
        ),
      });
  });
  for (const group of Map.groupBy(
    ready,
    ({ order: { target } }) => `${target.root}\0${parent(target.path).toString('latin1')}`,
  ).values()) {
    const { target } = group[0]!.order;
    const prefix = parent(target.path);
    const copied = await files
      .copy(
        group.map(({ order, identity }) => ({
          root,
          path: at(order.path),
          copyPath: order.target.path.subarray(prefix.length + 1),
          identity,
        })),
        { root: target.root, prefix },
        work,
      )
      .catch((error: unknown) => {
        throw ofTarget(error, target.root);
      });
    group.forEach(({ order }, nr) => outcomes.set(order, copied[nr]!));
  }
  return orders.map((order) => outcomes.get(order)!);
}

function parent(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf('/'));
}

async function look(
  files: Files,
  { root, bag, at }: CopiesPlace,
  paths: readonly Buffer[],
): Promise<readonly Outcome<Identity>[]> {
  const found = await files.inspect(paths.map((path) => ({ root, path: at(path) })));
  return found.map((each, nr): Outcome<Identity> => {
    if (each.kind === 'refused') return { error: each.error };
    if (each.kind === 'file') return { ok: each.identity };
    return {
      error: new Refused('COPY_MISSING', `The store has no copy of "${displayPath(paths[nr]!)}" in bag ${bag}.`, {
        bag,
      }),
    };
  });
}

const targetCodes: Readonly<Record<string, string>> = {
  STORE_FULL: 'TARGET_FULL',
  STORE_READ_ONLY: 'TARGET_READ_ONLY',
  STORE_DENIED: 'TARGET_DENIED',
  COPY_NOT_SYNCED: 'TARGET_NOT_SYNCED',
};

/** What an error of writing to the target's root means; others are passed on unchanged. */
export function ofTarget(error: unknown, target: string): unknown {
  const code = error instanceof Transient && error.details['root'] === target ? targetCodes[error.code] : undefined;
  if (!code) return error;
  return new Transient(
    code,
    `What was fetched could not be written to ${target} (${(error as Transient).details['code'] ?? (error as Transient).code}); nothing was put in place.`,
    { root: target },
    { cause: error },
  );
}
