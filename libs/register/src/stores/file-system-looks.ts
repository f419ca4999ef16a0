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
   * marker's, which the earlier look saw as well. `Refused` `ROOT_REPLACED` if there was a marker with another id then:
   * another disk is there, whatever its name is.
   */
  async record(use: RootUse, look: FileSystemLook): Promise<FileSystemLook> {
    const earlier = (await this.list()).find((each) => each.use === use && each.look.directory === look.directory);
    if (earlier && earlier.look.marker.id !== look.marker.id) throw replaced(look, earlier.look);
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
  if (!earlier) return now.abilities['stable inode numbers'];
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
