/** Bytes that arrived, and their SHA-256 in hex. */
export interface Written {
  readonly bytes: bigint;
  readonly sha256: string;
}

/** Where dumps are kept. What is not a dump of ours with its checksum is never counted and never removed. */
export interface BackupPlace {
  readonly kind: 'directory' | 'bucket';
  /** For people, without secrets. */
  readonly shown: string;
  /** Fails if it cannot be used. */
  check(): Promise<void>;
  /** The id of the register whose dumps it has; undefined if it belongs to none yet. */
  owner(): Promise<string | undefined>;
  /** From now on it belongs to this register; fails if it belongs to another one. */
  claim(id: string): Promise<void>;
  /** Removes what runs that were killed have left. Only one run at a time may use a place. */
  clean(): Promise<readonly string[]>;
  /** Names of dumps that have a checksum. */
  names(): Promise<readonly string[]>;
  /**
   * Keeps what `content` yields under a new name, with its checksum; if `content` throws, or anything fails, nothing has
   * this name. When it resolves, the dump survives a power cut.
   */
  write(name: string, content: AsyncIterable<Buffer>): Promise<Written>;
  /** Whether the dump is what its checksum says. */
  isGood(name: string): Promise<boolean>;
  /** The dump's bytes; throws `Refused` `BACKUP_DUMP_DAMAGED` at the end if they are not what the checksum says. */
  read(name: string): AsyncIterable<Buffer>;
  /** Of the dump. */
  sizeOf(name: string): Promise<bigint>;
  /** Removes a dump, then its checksum. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}
