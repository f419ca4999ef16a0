/** What a person can do about files that are stuck, by code. */
const steps: Readonly<Record<string, string>> = {
  HASH_DIFFERS: 'the file is damaged or was changed after import: compare with a backup, then abandon, or retry once it is mended',
  HASH_ALGORITHM_UNKNOWN: 'abandon, or upgrade to a version that knows this hash',
  ORIGINAL_CHANGED: 'somebody changed the file after the scan: find out who, then retry (it is hashed anew) or abandon',
  SOURCE_CHANGED: 'somebody changed the file after the scan: find out who, then retry (it is hashed anew) or abandon',
  ORIGINAL_HARD_LINKED: 'the file got another name: remove that name and retry, or abandon',
  ORIGINAL_GONE: 'the file is not there any more: was the image deleted in OMERO? Then abandon',
  SOURCE_MISSING: 'the file is not there any more: was the image deleted in OMERO? Then abandon',
  COPY_DIFFERS: 'the store gave back other bytes more than once: check its disk and memory, then retry',
  COPY_MISSING: 'the store lost the copy: check the store before you retry',
  COPY_CHANGED: 'the copy is not the one that was proven: check who writes to the store, then retry',
  COPY_SIZE: 'the copy has another size than the original: check the store, then retry',
  COPY_NOT_PROVEN: "the copy could not be read around the cache: see the store's setting verify, then retry",
  COPY_WRITABLE: 'OMERO could write to the copy through the link: mount the store read-only for OMERO, then retry',
  LEGACY_PIXELS_OF_ROOT: 'OMERO runs as root and could write to the copy: mount the store read-only for it, or abandon',
  HOLD_NOT_ALLOWED: "run the linker as the user that owns OMERO's files, then retry",
  HOLD_ON_OTHER_FILE_SYSTEM: 'name a hold directory on that file system in COLDROOM_HOLD_DIRS, then retry',
  HOLD_MISSING: 'the held original is not where it should be: look before anything else; nothing more is done',
  HELD_CHANGED: 'what is held is not the original: look before anything else; nothing more is done',
  LINK_GONE: 'the link is gone: was the image deleted in OMERO? The original is still held',
  PATH_TAKEN: "something that is not ours stands at the original's path: move it away, then retry",
  TARGET_EXISTS: 'something that is not ours stands beside the original: move it away, then retry',
  WAITED_TOO_LONG: 'ask the store why it does not call the copies durable, then retry',
  ROOT_AWAY: 'mount the disk, or mark it with "coldroom doctor --prepare", then retry',
  STORE_AWAY: 'mount the store, then retry',
  STORE_FULL: 'make room in the store, then retry',
  OWNER_NOT_KEPT: 'let transfer run as root or with CAP_CHOWN, then retry',
};

export function nextStep(code: string): string {
  return steps[code] ?? `coldroom files list --state stuck --code ${code}; then files retry or files abandon`;
}
