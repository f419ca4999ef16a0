import { isWithin, matchTemplate, type BufferSettings, type WatchSettings } from '@coldroom/buffers';
import type { FoundDirectory } from '@coldroom/files';

/** A directory of a watched buffer that is to be imported as one set. */
export interface WatchedSet {
  /** Below the buffer. */
  readonly path: Buffer;
  /** It has a manifest that counts here. */
  readonly manifest: boolean;
  /** What the words of the layout stand for. */
  readonly words: ReadonlyMap<string, Buffer> | undefined;
}

export const depthOf = ({ layout, manifests, depth }: WatchSettings): number =>
  Math.max(layout?.parts.length ?? 0, manifests === 'none' ? 0 : depth);

/** The sets among the directories of a buffer. Of two that contain each other, the outer one is the set. */
export function setsAmong(
  directories: readonly FoundDirectory[],
  watch: WatchSettings,
  { directory, locks }: BufferSettings,
): readonly WatchedSet[] {
  const taken = new Set<string>();
  const sets: WatchedSet[] = [];
  for (const { path, marked } of directories.toSorted((one, other) => one.depth - other.depth)) {
    const words = watch.layout && matchTemplate(watch.layout, path);
    const manifest = marked && watch.manifests !== 'none';
    if (!words && !manifest) continue;
    if (isWithin(Buffer.concat([Buffer.from(`${directory}/`), path]), Buffer.from(locks))) continue;
    if (parentsOf(path).some((parent) => taken.has(parent))) continue;
    taken.add(path.toString('latin1'));
    sets.push({ path, manifest, words });
  }
  return sets;
}

function parentsOf(path: Buffer): readonly string[] {
  const names = path.toString('latin1').split('/');
  return names.slice(1).map((_, at) => names.slice(0, at + 1).join('/'));
}
