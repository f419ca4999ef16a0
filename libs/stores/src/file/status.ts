import { Refused, type CopyStatus, type Identity } from '@coldroom/domain';
import { displayPath, type FileType, type Files } from '@coldroom/files';
import { copyIn, directoriesOf, openBag, sealedBag } from './layout';
import { versionOf } from './version';

const writeBits = 0o222;
const isProtected = (identity: Identity | undefined): boolean =>
  identity !== undefined && (identity.mode & writeBits) === 0;

interface Place {
  readonly directory: string;
  readonly bag: string;
  /** Permissions do not stay here. */
  readonly unprotected: boolean;
}

/** Inspects copies in the open and in the sealed place of their bag, without reading them. */
export async function statusOf(
  files: Files,
  { directory: root, bag, unprotected }: Place,
  paths: readonly Buffer[],
): Promise<readonly (CopyStatus | undefined)[]> {
  const open = openBag(bag);
  const sealed = sealedBag(bag);
  // The open place first: a bag that is sealed meanwhile is then seen in one of the two.
  const inOpen = await identities(
    files,
    root,
    paths.map((path) => copyIn(open, path)),
    'file',
  );
  const inSealed = await identities(
    files,
    root,
    paths.map((path) => copyIn(sealed, path)),
    'file',
  );
  const directories = await protectedDirectories(
    files,
    root,
    paths.flatMap((path) => directoriesOf(sealed, path)),
  );
  // The last step of sealing protects the bag's own directory, when its name is on the disk. Where nothing can be
  // protected, the place alone tells: the register calls a file sealed only after that step returned.
  const durable = unprotected || directories.has(sealed.toString('latin1'));

  return paths.map((path, at): CopyStatus | undefined => {
    const copy = inSealed[at] ?? inOpen[at];
    if (!copy) return undefined;
    const unwritable =
      isProtected(copy) &&
      directoriesOf(sealed, path).every((directory) => directories.has(directory.toString('latin1')));
    const isSealed = inSealed[at] !== undefined;
    return {
      size: copy.size,
      version: versionOf(copy),
      durable: isSealed && durable ? 'yes' : 'no',
      replicationState: isSealed ? (durable ? 'sealed' : 'its directory still has write permission') : 'open',
      writable: isSealed && unwritable ? 'no' : 'yes',
    };
  });
}

/** Those of these directories that are protected, as latin1. */
async function protectedDirectories(
  files: Files,
  root: string,
  directories: readonly Buffer[],
): Promise<ReadonlySet<string>> {
  const distinct = [...new Set(directories.map((path) => path.toString('latin1')))];
  const found = await identities(
    files,
    root,
    distinct.map((path) => Buffer.from(path, 'latin1')),
    'directory',
  );
  return new Set(distinct.filter((_, at) => isProtected(found[at])));
}

/** Undefined only if nothing is there; anything but a regular file does not belong in a bag. */
async function identities(
  files: Files,
  root: string,
  paths: readonly Buffer[],
  type: FileType,
): Promise<readonly (Identity | undefined)[]> {
  const found = await files.inspect(paths.map((path) => ({ root, path })));
  return found.map((each, at) => {
    switch (each.kind) {
      case 'missing':
        return undefined;
      case 'refused':
        throw each.error;
      case type:
        return each.identity;
      default:
        throw new Refused(
          'NOT_A_REGULAR_FILE',
          `In the store, "${displayPath(paths[at]!)}" is a ${each.kind}, not a ${type}.`,
          { path: displayPath(paths[at]!) },
        );
    }
  });
}
