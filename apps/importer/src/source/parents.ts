import type { OrderedFile } from '@coldroom/register';

/** The directories of files below their source, innermost first; the source itself has an empty path and is the last. */
export function parentsOf(files: readonly Pick<OrderedFile, 'path'>[]): readonly Buffer[] {
  const found = new Map<string, Buffer>();
  for (const { path } of files) {
    if (path.length === 0) continue; // the source is a file
    for (let end = path.lastIndexOf(0x2f); end > 0; end = path.lastIndexOf(0x2f, end - 1))
      found.set(path.toString('latin1', 0, end), path.subarray(0, end));
    found.set('', Buffer.alloc(0));
  }
  return [...found.values()].sort((one, other) => other.length - one.length);
}
