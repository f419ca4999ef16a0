/**
 * What a person can do about stuck files, by code. `commandsFor` gives commands for the words retry, undo and abandon
 * in a text.
 */
const steps: Readonly<Record<string, string>> = {
  HASH_DIFFERS:
    'the file is damaged or was changed after import: compare with a backup, then abandon, or retry once it is repaired',
  HASH_ALGORITHM_UNKNOWN: 'abandon, or upgrade to a version that knows this hash',
  ORIGINAL_CHANGED:
    'the file was changed after it was hashed: find out who did it, then abandon; mark the image again to archive it as it is now',
  SOURCE_CHANGED:
    'the file was changed after the scan: find out who did it, then retry (it is hashed again) or abandon',
  ORIGINAL_HARD_LINKED: 'the file got another name: abandon; mark the image again when that name is gone',
  ORIGINAL_GONE: 'the file is no longer there: was the image deleted in OMERO? Then abandon',
  SOURCE_MISSING: 'the file is no longer there: was the image deleted in OMERO? Then abandon',
  COPY_DIFFERS: 'the store gave back other bytes more than once: check its disk and memory, then retry',
  COPY_MISSING: 'the store lost the copy: check the store, then retry; where the original is held, undo',
  REGISTER_RESTORED:
    'the rest of its fileset was linked before the register was restored: retry; it is archived in a new bag',
  COPY_CUT_SHORT:
    'the store holds or gives less than it was given: check network and server, then retry; if it takes other files, it does not take this name: abandon',
  NAME_NOT_KEPT: 'the store cannot hold the name of the file: abandon, or archive it in another store',
  COPY_CHANGED:
    'the copy is not the one that was proven: check who writes to the store; where the original is held, undo',
  COPY_SIZE: 'the copy has another size than the original: check the store; where the original is held, undo',
  DIRECTORY_GONE: 'the directory is gone: was the image deleted in OMERO? Then abandon',
  SIZE_DIFFERS: 'the file has another size than before: find out who changed it, then abandon',
  HARD_LINKED: 'the file has another name: remove that name and retry, or abandon',
  COPY_NOT_PROVEN: "the copy could not be read around the cache: see the store's setting verify, then retry",
  COPY_WRITABLE:
    'OMERO could write to the copy through the link: take the write bits from the bag and its directories, then retry',
  LEGACY_PIXELS_OF_ROOT:
    'the file belongs to root, so OMERO seems to run as root and could write to the copy: give the file to the user OMERO runs as, then abandon and mark the image again',
  HOLD_NOT_ALLOWED: "run the linker as the user that owns OMERO's files, then retry",
  FILE_PROTECTED:
    'the file is immutable or append-only: run the chattr command of its reason ("coldroom files show"), then abandon; mark the image again',
  DIRECTORY_PROTECTED:
    'the directory is immutable or append-only: run the chattr command of the reason ("coldroom files show"), then retry',
  DIRECTORY_NOT_WRITABLE:
    'let the linker\'s user write in the directory that the reason names ("coldroom files show"), then retry',
  HOLD_ON_OTHER_FILE_SYSTEM: 'name a hold directory on that file system in COLDROOM_HOLD_DIRS, then retry',
  HOLD_MISSING: 'the held original is not where it should be: look before anything else; nothing more is done',
  HELD_CHANGED: 'what is held is not the original: look before anything else; nothing more is done',
  LINK_GONE: 'the link is gone: was the image deleted in OMERO? An original that was not released is still held',
  PATH_TAKEN: "something that is not ours is at the original's path: move it away, then retry",
  TARGET_EXISTS: 'something that is not ours is beside the original: move it away, then retry',
  WAITED_TOO_LONG: 'ask the store why it does not call the copies durable, then retry',
  ROOT_UNAVAILABLE: 'mount the disk, or mark it with "coldroom doctor --prepare", then retry',
  STORE_UNAVAILABLE:
    'mount the store, then retry; if it is lost being retrieved from a cancelled move, ask for that move again',
  STORE_FULL: 'make room in the store, then retry',
  OWNER_NOT_KEPT: 'let transfer run as root or with CAP_CHOWN, then retry',
};

export function nextStep(code: string): string {
  return steps[code] ?? 'look at the reason and remove the cause, then retry, or abandon';
}
