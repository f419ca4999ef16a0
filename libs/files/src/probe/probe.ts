import type { FileSystemLook } from '@coldroom/domain';
import { openDirectory } from '../directory';
import { identify } from '../fresh';
import { markerName, type Root } from '../roots';
import { unknown } from './answer';
import { probeContents, probeTimes } from './contents';
import { probeLinks } from './links';
import { typeAt } from './mounts';
import { probeNames } from './names';
import { withScratch } from './scratch-directory';

/**
 * Finds out, with a few files of its own, what the file system of a root can do. They are made in the directory `path`
 * below the root (made if missing) and removed again; what a killed process left there is removed after an hour. Throws
 * what the system reports where that says nothing about the file system: it is full, read-only, or we lack the right.
 */
export async function probe(root: Root, path: Buffer): Promise<FileSystemLook> {
  const directory = await openDirectory(root, path, { create: true });
  try {
    return await withScratch(directory, async (scratch) => {
      const { found, unitNs } = await probeTimes(scratch);
      const { longestName, ...names } = await probeNames(scratch);
      const contents = await probeContents(scratch);
      const marker = await identify(`${root.directory}/${markerName}`);
      return {
        directory: root.directory,
        type: await typeAt(root.realPath),
        at: new Date().toISOString(),
        abilities: {
          ...(await probeLinks(scratch)),
          ...contents.found,
          ...names,
          'modification times': found,
          'stable inode numbers': unknown('not looked at before'),
        },
        timeUnitNs: unitNs,
        longestName,
        newFiles: contents.newFiles,
        marker: { id: root.id, name: root.name, ino: String(marker?.ino ?? '') },
      };
    });
  } finally {
    await directory.close();
  }
}
