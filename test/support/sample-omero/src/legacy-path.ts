/** Where OMERO 4 put pixels or originals, below the data directory (ome.io.nio.AbstractFileSystemService). */
export function legacyPath(kind: 'Pixels' | 'Files', id: number): string {
  let directories = '';
  for (let rest = Math.floor(id / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    directories = `Dir-${String(rest % 1000).padStart(3, '0')}/${directories}`;
  }
  return `${kind}/${directories}${id}`;
}
