import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';

/**
 * The keys of sessions of attempts that are not closed yet, so that any importer can close them after a crash. Whoever has
 * a key can log in with it: they are in files that only the importers may read, and never in the register.
 */
export class SessionKeys {
  constructor(private readonly stateDir: string) {}

  /** Before the attempt that uses the session begins. */
  async keep(sessionId: bigint, key: string): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const file = await open(this.file(sessionId), 'w', 0o600);
    try {
      await file.writeFile(key);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Undefined if there is no file: the key was kept on another machine, or the session was closed. */
  async find(sessionId: bigint): Promise<string | undefined> {
    try {
      return await readFile(this.file(sessionId), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** After its session was closed. May be repeated. */
  async forget(sessionId: bigint): Promise<void> {
    await rm(this.file(sessionId), { force: true });
  }

  private get dir(): string {
    return join(this.stateDir, 'sessions');
  }

  private file(sessionId: bigint): string {
    return join(this.dir, String(sessionId));
  }
}
