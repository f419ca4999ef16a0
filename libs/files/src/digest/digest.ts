import { type DigestAlgorithm, type Digests } from '@coldroom/domain';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Adler32 } from './adler32';
import { Murmur3x32 } from './murmur3-32';
import { Murmur3x128 } from './murmur3-128';

/** A digest that takes its input in pieces. `digest` finishes it and returns lower-case hex. */
export interface RunningDigest {
  update(chunk: Uint8Array): void;
  digest(): string;
}

class Crc32 implements RunningDigest {
  private value = 0;

  update(chunk: Uint8Array): void {
    this.value = crc32(chunk, this.value);
  }

  digest(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(this.value);
    return bytes.toString('hex');
  }
}

class FileSize implements RunningDigest {
  private size = 0n;

  update(chunk: Uint8Array): void {
    this.size += BigInt(chunk.length);
  }

  digest(): string {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.size);
    return bytes.toString('hex');
  }
}

function cryptographic(name: string): () => RunningDigest {
  return () => {
    const hash = createHash(name);
    return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('hex') };
  };
}

/** OMERO's encodings: Guava's `HashCode.toString()`, integer hashes least significant byte first. */
const algorithms: Readonly<Record<DigestAlgorithm, () => RunningDigest>> = {
  'SHA-256': cryptographic('sha256'),
  'SHA1-160': cryptographic('sha1'),
  'MD5-128': cryptographic('md5'),
  'Murmur3-128': () => new Murmur3x128(),
  'Murmur3-32': () => new Murmur3x32(),
  'CRC-32': () => new Crc32(),
  'Adler-32': () => new Adler32(),
  'File-Size-64': () => new FileSize(),
};

/** All requested digests, from one pass over the content. */
export class RunningDigests {
  private readonly running: readonly (readonly [DigestAlgorithm, RunningDigest])[];

  constructor(names: readonly DigestAlgorithm[]) {
    this.running = names.map((name) => [name, algorithms[name]()]);
  }

  update(chunk: Uint8Array): void {
    for (const [, digest] of this.running) digest.update(chunk);
  }

  digests(): Digests {
    return Object.fromEntries(this.running.map(([name, digest]) => [name, digest.digest()]));
  }
}
