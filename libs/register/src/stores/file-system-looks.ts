import type pg from 'pg';
import type { FileSystemLook, RootUse } from '@coldroom/domain';

export interface RecordedLook {
  readonly use: RootUse;
  readonly look: FileSystemLook;
}

/** What file systems can do, as the services and `doctor --probe` found them. */
export class FileSystemLooks {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Replaces the look at the same directory and returns the new one. It tells whether inode numbers are stable: by the
   * marker's, which the earlier look saw as well.
   */
  async record(use: RootUse, look: FileSystemLook): Promise<FileSystemLook> {
    const earlier = (await this.list()).find((each) => each.use === use && each.look.directory === look.directory);
    const known = { ...look, abilities: { ...look.abilities, 'stable inode numbers': stability(look, earlier?.look) } };
    await this.pool.query(
      `INSERT INTO file_system_look (part, directory, looked_at, look) VALUES ($1, $2, $3, $4)
       ON CONFLICT (part, directory) DO UPDATE SET looked_at = excluded.looked_at, look = excluded.look`,
      [use, look.directory, look.at, JSON.stringify(known)],
    );
    return known;
  }

  async list(): Promise<readonly RecordedLook[]> {
    const { rows } = await this.pool.query<RecordedLook>(
      'SELECT part AS use, look FROM file_system_look ORDER BY part, directory',
    );
    return rows;
  }
}

function stability(now: FileSystemLook, earlier?: FileSystemLook): FileSystemLook['abilities']['stable inode numbers'] {
  if (earlier?.marker.id !== now.marker.id) return now.abilities['stable inode numbers'];
  return earlier.marker.ino === now.marker.ino
    ? { answer: 'yes', how: `the marker has the inode number that it had at ${earlier.at}` }
    : { answer: 'no', how: `the marker has another inode number than at ${earlier.at}` };
}
