import type pg from 'pg';
import { Refused, type FileSystemLook, type RootUse } from '@coldroom/domain';

export interface RecordedLook {
  readonly use: RootUse;
  readonly look: FileSystemLook;
}

/** What file systems can do, as the services and `doctor --probe` found them. */
export class FileSystemLooks {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Replaces the look at the same directory and returns the new one. It tells whether inode numbers are stable: by the
   * marker's, which the earlier look saw as well. `Refused` `ROOT_REPLACED` if there was a marker of the same name with
   * another id then: it is another disk. What was known of this disk at another directory is forgotten.
   */
  async record(use: RootUse, look: FileSystemLook): Promise<FileSystemLook> {
    const earlier = (await this.list()).find((each) => each.use === use && each.look.directory === look.directory);
    if (earlier && earlier.look.marker.name === look.marker.name && earlier.look.marker.id !== look.marker.id)
      throw replaced(look, earlier.look);
    const known = { ...look, abilities: { ...look.abilities, 'stable inode numbers': stability(look, earlier?.look) } };
    await this.pool.query(
      `WITH moved AS (DELETE FROM file_system_look WHERE part = $1 AND directory <> $2 AND look->'marker'->>'id' = $5)
       INSERT INTO file_system_look (part, directory, looked_at, look) VALUES ($1, $2, $3, $4)
       ON CONFLICT (part, directory) DO UPDATE SET looked_at = excluded.looked_at, look = excluded.look`,
      [use, look.directory, look.at, JSON.stringify(known), look.marker.id],
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
  // A marker that was renamed is another file.
  if (earlier?.marker.id !== now.marker.id || earlier.marker.name !== now.marker.name)
    return now.abilities['stable inode numbers'];
  const before = earlier.abilities['stable inode numbers'];
  if (before.answer === 'no') return before;
  return earlier.marker.ino === now.marker.ino
    ? { answer: 'yes', how: `the marker has the inode number that it had at ${earlier.at}` }
    : { answer: 'no', how: `the marker has another inode number than at ${earlier.at}` };
}

function replaced({ directory, marker }: FileSystemLook, earlier: FileSystemLook): Refused {
  return new Refused(
    'ROOT_REPLACED',
    `${directory} is another disk than the one that was there at ${earlier.at}: its marker has the id ${marker.id}, not ${earlier.marker.id}. Mount the right one. If this disk replaces it and has all its files, write that id into its marker .coldroom-root.`,
    { directory, found: marker.id, expected: earlier.marker.id },
  );
}
