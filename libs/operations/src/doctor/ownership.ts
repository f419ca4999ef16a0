import { readFileSync } from 'node:fs';
import { constants, lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RootName } from '@coldroom/domain';
import { fault, type Finding } from './findings';
import { denied } from './sample-files';

/**
 * Whether the services' user can hold these files, put links in their places, and give their copies the same owner and
 * group. One finding for each owner and group that does not fit, with the first such file.
 */
export async function examineOwnership(
  name: RootName,
  tree: string,
  files: readonly string[],
): Promise<readonly Finding[]> {
  const us = process.geteuid?.() ?? 0;
  if (us === 0) return [];
  const groups = new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])]);
  const found = new Map<string, Finding>();
  for (const file of files) {
    const { uid, gid } = await lstat(file);
    const [owner, group] = [`owner ${uid}`, `group ${gid}`];
    if (uid !== us && !found.has(owner)) found.set(owner, ofAnotherOwner({ name, tree, file, uid, us }));
    if (uid === us && !groups.has(gid) && !found.has(group))
      found.set(group, ofAnotherGroup({ name, tree, file, gid }));
    const directory = dirname(file);
    const unwritable = await denied(directory, constants.W_OK);
    if (unwritable && !found.has('directory'))
      found.set('directory', fault(name, `no link can be made in ${directory} (${unwritable})`, aclCommand(us, tree)));
  }
  return [...found.values()];
}

/** Each of these commands changes the ctime of all files, by which a file that changed meanwhile is recognised. */
const whileIdle = ' (only while nothing is being archived: coldroom status)';

interface Stranger {
  readonly name: RootName;
  readonly tree: string;
  readonly file: string;
}

function ofAnotherOwner({
  name,
  tree,
  file,
  uid,
  us,
}: Stranger & { readonly uid: number; readonly us: number }): Finding {
  return fault(
    name,
    `${file} belongs to uid ${uid}, and the services run as uid ${us}: its copies could not keep that owner` +
      (protectedHardlinks() === '0' ? '' : ', and the system may refuse to hold it (protected_hardlinks)'),
    uid === 0
      ? `give OMERO's files to OMERO's user: chown -hR ${us} '${tree}'${whileIdle}`
      : `run the services as uid ${uid} (with Compose: COLDROOM_UID=${uid}), or give OMERO's files to their user: chown -hR ${us} '${tree}'${whileIdle}`,
  );
}

function ofAnotherGroup({ name, tree, file, gid }: Stranger & { readonly gid: number }): Finding {
  const own = process.getegid?.();
  return fault(
    name,
    `${file} belongs to group ${gid}, of which the services' user is not a member: its copies could not keep that group`,
    `make the user a member (with Compose: COLDROOM_FILES_GROUP=${gid}), or change the group: chgrp -hR ${own} '${tree}'${whileIdle}`,
  );
}

const aclCommand = (us: number, tree: string): string =>
  `let the services' user write in OMERO's directories: find '${tree}' -type d -exec setfacl -m u:${us}:rwx -m d:u:${us}:rwx {} +`;

export function protectedHardlinks(): string {
  try {
    return readFileSync('/proc/sys/fs/protected_hardlinks', 'latin1').trim();
  } catch {
    return 'unknown'; // not Linux, or no /proc
  }
}
