/**
 * Where OMERO 4 keeps the file of an id, below `Pixels/` or `Files/`: 12345 is `Dir-012/12345`. Rule of OMERO's
 * AbstractFileSystemService: integer division by 1000 while the id is over 999; the last three digits of each quotient
 * name a directory, later ones in front.
 */
export function legacyPath(id: bigint): string {
  let directories = '';
  for (let rest = id; rest > 999n;) {
    rest /= 1000n;
    directories = `Dir-${String(rest % 1000n).padStart(3, '0')}/${directories}`;
  }
  return `${directories}${id}`;
}

export interface PyramidCompanions {
  /** Below `Pixels/`, empty or ending in a slash. */
  readonly directory: string;
  readonly pyramid: string;
  readonly lock: string;
  /** A name with this start and end is a pyramid being written. */
  readonly temporary: { readonly start: string; readonly end: string };
}

/**
 * The names beside `Pixels/<id>` that show the state of its pyramid. If the lock or a temporary file exists, leave the
 * image for later.
 */
export function pyramidCompanions(pixelsId: bigint): PyramidCompanions {
  const path = legacyPath(pixelsId);
  const pyramid = `${pixelsId}_pyramid`;
  return {
    directory: path.slice(0, path.lastIndexOf('/') + 1),
    pyramid,
    lock: `.${pyramid}.pyr_lock`,
    temporary: { start: `.${pyramid}`, end: '.tmp' },
  };
}
