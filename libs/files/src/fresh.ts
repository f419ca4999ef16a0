import { codeOf, type Identity } from '@coldroom/domain';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { typeOf } from './identity';
import { freshStatus, freshStatusSync } from './native';

/*
 * What the file system itself says, not the system's attribute cache. What is decided about a file is decided by these.
 */

export interface Fresh {
  readonly identity: Identity;
  /** Allocated on disk, in units of 512 bytes. */
  readonly blocks: bigint;
}

/** Of the file of this name, links not followed, or of a descriptor. Errors are thrown. */
export function freshOf(of: Buffer | number): Fresh {
  return parsed(freshStatusSync(of));
}

/**
 * What is at a path, links not followed; null only where the system reports that nothing is there (ENOENT). Everything
 * else throws.
 */
export async function identify(path: Buffer | string): Promise<Identity | null> {
  const at = Buffer.from(path);
  try {
    const { identity } = parsed(await freshStatus(at));
    return typeOf(identity.mode) === 'file' && mayBeRemote(identity) ? await opened(at, identity) : identity;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Without a device of its own: the network and FUSE file systems, and a few local ones. */
export function mayBeRemote({ dev }: Pick<Identity, 'dev'>): boolean {
  return major(dev) === 0n;
}

/**
 * Opening makes NFS ask its server which file has the name: another host may have given it to another. A file that we
 * may not read is taken as the look before saw it.
 */
async function opened(path: Buffer, seen: Identity): Promise<Identity> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return parsed(await freshStatus(file.fd)).identity;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(codeOf(error))) return seen;
    if (codeOf(error) === 'ELOOP') return parsed(await freshStatus(path)).identity; // a link came to the path meanwhile
    throw error;
  }
}

/** See statx(2) for the places of the fields. */
function parsed(status: Buffer): Fresh {
  const time = (at: number): bigint => status.readBigInt64LE(at) * 1_000_000_000n + BigInt(status.readUInt32LE(at + 8));
  return {
    identity: {
      dev: device(status.readUInt32LE(136), status.readUInt32LE(140)),
      ino: status.readBigUInt64LE(32),
      size: status.readBigUInt64LE(40),
      mtimeNs: time(112),
      ctimeNs: time(96),
      links: status.readUInt32LE(16),
      mode: status.readUInt16LE(28),
      uid: status.readUInt32LE(20),
      gid: status.readUInt32LE(24),
    },
    blocks: status.readBigUInt64LE(48),
  };
}

/** As st_dev of stat(2) has it: makedev(3). */
function device(high: number, low: number): bigint {
  const [major, minor] = [BigInt(high), BigInt(low)];
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn);
}

function major(dev: bigint): bigint {
  return ((dev >> 32n) & 0xfffff000n) | ((dev >> 8n) & 0xfffn);
}
