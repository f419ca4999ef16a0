import { abilities, type Ability, type FileSystemLook } from './file-system';

/** What a directory is to Coldroom: the hold of a tree of originals, or where a store keeps copies. */
export type RootUse = 'hold' | 'store';

/** What Coldroom does without an ability: it refuses to start, it works around it, or nothing depends on it. */
export interface Consequence {
  readonly ability: Ability;
  readonly weight: 'refused' | 'warning' | 'none';
  readonly text: string;
}

type Without = Readonly<Partial<Record<Ability, Omit<Consequence, 'ability'>>>>;
const refused = (text: string): Omit<Consequence, 'ability'> => ({ weight: 'refused', text });
const warning = (text: string): Omit<Consequence, 'ability'> => ({ weight: 'warning', text });
const none = (text: string): Omit<Consequence, 'ability'> => ({ weight: 'none', text });

const everywhere: Without = {
  'sync of files': refused('nothing can be proven to be on the disk'),
  'sync of directories': refused('nothing can be proven to be on the disk'),
};

const without: Readonly<Record<RootUse, Without>> = {
  hold: {
    ...everywhere,
    'stable inode numbers': warning(
      'after a remount, originals that are being archived are stuck as changed; retry them, or undo them if they are stuck again',
    ),
    'hard links': refused('an original cannot be held while its link is placed'),
    'symbolic links': refused('no link can be placed'),
    exchange: warning('links are placed by rename; keep OMERO from importing into archived filesets'),
    'fresh attributes': none('attributes are read past the cache'),
    'renames without changes': refused('originals that are given back would get other times'),
    'modification times': warning('a restored original gets another modification time'),
    'direct reads': none('originals are hashed as they are read'),
  },
  store: {
    ...everywhere,
    'stable inode numbers': warning(
      'after a remount, copies count as changed until "coldroom verify --all --accept-changed" has read them',
    ),
    permissions: refused('copies cannot be protected'),
    'direct reads': refused('a copy cannot be read back from the disk, so it cannot be proven'),
    'modification times': refused('copies cannot keep the times of their originals'),
    'rename without replacing': none('a bag is sealed by another way'),
    'renames without changes': refused('copies would change when their bag is sealed'),
    'upper and lower case': warning('files of a bag whose names differ only in case are stuck'),
    'Unicode forms': warning('files of a bag whose names differ only in their Unicode form are stuck'),
    'any bytes in names': warning('a file whose name the store cannot hold is stuck'),
    'extended attributes': warning('originals with extended attributes are stuck'),
    owners: warning(
      "files of other owners than the mount gives to new files are stuck; refused if the owner of OMERO's files is such an owner",
    ),
  },
};

/** For each ability that the file system does not have and on which something depends, in the order of `abilities`. */
export function consequencesOf(use: RootUse, look: FileSystemLook): readonly Consequence[] {
  return abilities.flatMap((ability) => {
    const what = without[use][ability];
    // One that an earlier version has kept may not know the ability.
    return look.abilities[ability]?.answer === 'no' && what ? [{ ability, ...what }] : [];
  });
}
