import type { Identity } from '@coldroom/domain';

/** A copy's version. Does not include the device, whose number may change when the store is mounted again. */
export function versionOf({ ino, size, mtimeNs, ctimeNs }: Identity): string {
  return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
