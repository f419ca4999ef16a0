/** One page of a list of which one more than `limit` was read, and where the next one starts; null after the last. */
export function pageOf<T extends { readonly id: bigint }>(
  found: readonly T[],
  limit: number,
): { readonly data: readonly T[]; readonly next: bigint | null } {
  const data = found.slice(0, limit);
  return { data, next: found.length > limit ? (data.at(-1)?.id ?? null) : null };
}
