import type { BufferSettings, Imports } from '@coldroom/buffers';
import type { FoundFile, ImportControlFile } from '@coldroom/register';
import { manifestLimit, manifestName } from '../watch/manifest';

/**
 * The files of a set that order it and are no data: the manifest, and markers without content, directly in its directory. A
 * marker with content may be data of the instrument, and is treated as such.
 */
export function controlFilesOf(
  { instruments }: Pick<Imports, 'instruments'>,
  { name, watch }: BufferSettings,
): readonly ImportControlFile[] {
  const markers = [
    watch?.marker,
    ...instruments.filter(({ into }) => into.buffer === name).map(({ ready }) => ready.marker),
  ];
  const manifest = watch && watch.manifests !== 'none' ? [{ path: manifestName, maxBytes: manifestLimit }] : [];
  return [
    ...manifest,
    ...markers.flatMap((marker) => (marker === undefined ? [] : [{ path: Buffer.from(marker), maxBytes: 0n }])),
  ];
}

export function isControlFile(
  controls: readonly ImportControlFile[],
  { path, identity }: Pick<FoundFile, 'path' | 'identity'>,
): boolean {
  return controls.some((control) => control.path.equals(path) && identity.size <= control.maxBytes);
}
