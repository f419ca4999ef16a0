/** A dataset of a project. OMERO's importer takes datasets only, so it is looked for right before an import. */
export interface ProjectTarget {
  /** Its number, or its name. */
  readonly project: bigint | string;
  /** The name of the dataset. */
  readonly dataset: string;
}

const form = /^Project:(?:(?:id:)?([1-9]\d{0,17})|name:([^/]+))\/Dataset:name:(.+)$/su;

/** `Project:5/Dataset:name:Day 1` or `Project:name:Mice/Dataset:name:Day 1`; undefined for all other targets. */
export function projectTarget(text: string): ProjectTarget | undefined {
  const [, id, name = '', dataset] = form.exec(text) ?? [];
  if (dataset === undefined) return undefined;
  return { project: id === undefined ? name : BigInt(id), dataset };
}
