/** The marker of a store that is not in a directory, as a service found it. */
export interface MarkerFound {
  readonly store: string;
  /** Stores of kind `copies` that this one is a part of: its copies are in bags of theirs. */
  readonly partOf: readonly string[];
  /** Where the store is, without secrets. */
  readonly place: string;
  /** Undefined only where the store reports that there is no marker. */
  readonly id: string | undefined;
}

/** The marker that a store must have before anything is written there. */
export interface MarkerExpected {
  readonly id: string;
  /** It was never seen: if there is none, it is written with this id. */
  readonly isNew: boolean;
  /** Where it was last seen. */
  readonly place: string;
}

/** Knows the markers of stores by their ids. The register does; the stores ask it. */
export interface KnownMarkers {
  /**
   * Undefined where nothing is known and nothing may be written. All who ask about a new store at the same time get the
   * same id. `Refused` `ROOT_REPLACED` if the marker found is that of another store.
   */
  expect(found: MarkerFound): Promise<MarkerExpected | undefined>;
  /** The marker with this id was read at this place. May be repeated. */
  confirm(found: MarkerFound): Promise<void>;
}
