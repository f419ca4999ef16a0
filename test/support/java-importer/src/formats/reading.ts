/** One image of a file, as far as its rows need it. */
export interface Series {
  readonly name?: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly c: number;
  readonly t: number;
  /** One of OMERO's pixel types. */
  readonly pixelsType: string;
  /** In a plate: counted from 0. */
  readonly well?: { readonly row: number; readonly column: number };
}

/** What a reader finds in a file. */
export interface Reading {
  /** Absolute. The first is the one that OMERO opens. */
  readonly files: readonly string[];
  /** The class of the reader. */
  readonly reader: string;
  /** Screen, plate and wells. */
  readonly isPlate: boolean;
  readonly series: readonly Series[];
}

/** A reading; or no reader knows the file; or one does and fails. */
export type Looked = Reading | 'unknown-format' | { readonly broken: string };

/** Looks at files in this order; it may leave out those that an earlier one uses. */
export type Look = (paths: readonly string[]) => Promise<ReadonlyMap<string, Looked>>;
