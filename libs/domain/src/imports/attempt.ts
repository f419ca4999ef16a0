/** What OMERO's database says of one fileset that an attempt was to make. */
export interface FilesetMade {
  readonly filesetId: bigint;
  /** Paths as the client named them (`filesetentry.clientpath`). */
  readonly clientPaths: readonly string[];
  readonly images: number;
  /** The group of OMERO that it is in. */
  readonly groupId: bigint;
}

/** One fileset of an order, as the importer groups its files. */
export interface FilesetWanted {
  readonly number: number;
  readonly clientPaths: readonly string[];
}

/** What an attempt came to, by what OMERO has. Exit codes and output say where to look, and decide nothing. */
export interface AttemptResult {
  /** OMERO has all of it: by the number of the fileset in the order. */
  readonly complete: ReadonlyMap<number, FilesetMade>;
  /** Nothing of these was made: another attempt may import them. */
  readonly missing: readonly number[];
  /** Made in part, made twice, or not asked for. A person decides; no attempt may follow. */
  readonly unclear: readonly bigint[];
}

/**
 * Compares what was wanted with what the sessions of all attempts made. A fileset is complete if it is in the group of
 * the order and has exactly the wanted paths and at least one image: an importer that ends with exit code 0 and makes no
 * image has failed. How many images a fileset should have is known to Bio-Formats only; where the importer has printed how
 * many it made (`printed`, by fileset), OMERO must have as many at least.
 */
export function judgeAttempt(
  wanted: readonly FilesetWanted[],
  made: readonly FilesetMade[],
  groupId: bigint,
  printed: ReadonlyMap<bigint, number> = new Map(),
): AttemptResult {
  const numberOf = new Map(wanted.map(({ number, clientPaths }) => [keyOf(clientPaths), number]));
  const complete = new Map<number, FilesetMade>();
  const unclear: bigint[] = [];
  const touched = new Set<string>();
  for (const fileset of made) {
    for (const path of fileset.clientPaths) touched.add(path);
    const number = numberOf.get(keyOf(fileset.clientPaths));
    const twice = number !== undefined && complete.has(number);
    const elsewhere = fileset.groupId !== groupId;
    if (number === undefined || twice || elsewhere || fileset.images < Math.max(1, printed.get(fileset.filesetId) ?? 1))
      unclear.push(fileset.filesetId);
    else complete.set(number, fileset);
  }
  const missing = wanted
    .filter(({ clientPaths }) => !clientPaths.some((path) => touched.has(path)))
    .map(({ number }) => number);
  // Two wanted filesets with the same paths, as OMERO writes names: which of them was made cannot be known.
  const absent = new Set(missing);
  const open = wanted.filter(({ number }) => !complete.has(number) && !absent.has(number));
  const paths = new Set(open.flatMap(({ clientPaths }) => clientPaths));
  for (const { filesetId, clientPaths } of made)
    if (clientPaths.some((path) => paths.has(path)) && !unclear.includes(filesetId)) unclear.push(filesetId);
  return { complete, missing, unclear };
}

const keyOf = (paths: readonly string[]): string => JSON.stringify(paths.toSorted());
