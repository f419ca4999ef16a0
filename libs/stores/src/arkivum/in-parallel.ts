/** Maps with so many at once; the first error ends it, and nothing new is begun after it. Answers are in the order of the items. */
export async function inParallel<T, R>(items: readonly T[], most: number, act: (item: T, at: number) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const at = next;
      next += 1;
      try {
        results[at] = await act(items[at]!, at);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: most }, lane));
  return results;
}
