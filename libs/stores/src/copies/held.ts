import { Refused, type Outcome, type Source, type Store } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';

/**
 * The outcome of a put into a sealed bag: a copy that is already there with the right size counts as put. Reading it
 * back will show whether its content is right.
 */
export async function heldIn(
  store: Store,
  bag: string,
  sources: readonly Source[],
): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
  const found = await store.stat(
    bag,
    sources.map(({ copyPath }) => copyPath),
  );
  return sources.map(({ copyPath, identity: { size } }, at) => {
    const held = found[at]?.size;
    if (held === size) return { ok: { size } };
    const what = held === undefined ? 'without a copy' : `with ${held} instead of ${size} bytes`;
    return {
      error: new Refused(
        held === undefined ? 'COPY_MISSING' : 'COPY_SIZE',
        `The bag ${bag} is sealed in store ${store.name} ${what} of "${displayPath(copyPath)}"; it is no longer changed.`,
        { store: store.name, bag },
      ),
    };
  });
}
