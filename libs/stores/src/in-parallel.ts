/**
 * Runs `act` for each item, at most `limit` at a time. After the first failure no new item is started, and the error is
 * thrown when all running ones have ended.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  act: (item: T, at: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const rest = items.entries();
  let failed: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (const [at, item] of rest) {
      try {
        results[at] = await act(item, at);
      } catch (error) {
        failed ??= { error };
      }
      if (failed) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failed) throw failed.error;
  return results;
}
