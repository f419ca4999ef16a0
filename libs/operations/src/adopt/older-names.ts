import { rootNames, type RootName } from '@coldroom/domain';
import type { ClosureFile } from '@coldroom/omero';

/** A path below one of OMERO's roots. */
export interface OlderName {
  readonly root: RootName;
  readonly path: Buffer;
}

/** The path below OMERO's roots that the older tool wrote as an absolute one; undefined if it is not below them. */
export function olderName(name: Buffer, omeroDirectory: string): OlderName | undefined {
  const text = name.toString('latin1').replaceAll(/\/{2,}/g, '/');
  const start = Buffer.from(`${omeroDirectory}/`).toString('latin1');
  if (!text.startsWith(start)) return undefined;
  const [top] = text.slice(start.length).split('/', 1);
  const root = rootNames.find((each) => each === top);
  const path = Buffer.from(text.slice(start.length + (top?.length ?? 0) + 1), 'latin1');
  return root && path.length > 0 ? { root, path } : undefined;
}

/** The absolute path by which the older tool knew a file. */
export function absoluteName({ root, path }: OlderName, omeroDirectory: string): Buffer {
  return Buffer.concat([Buffer.from(`${omeroDirectory}/${root}/`), path]);
}

/**
 * Finds the files of OMERO by their names in a job. The tool's parser splits lines at the first `=` and puts spaces
 * around it, so that `a=b` becomes `a = b`: names that differ in this only are the same, if OMERO has one of them.
 */
export class OmeroFiles {
  private readonly exact = new Map<string, ClosureFile>();
  private readonly loose = new Map<string, ClosureFile | 'several'>();

  constructor(files: readonly ClosureFile[]) {
    for (const file of files) {
      this.exact.set(keyOf(file), file);
      if (file.path.includes('=')) this.loose.set(looseOf(file), this.loose.has(looseOf(file)) ? 'several' : file);
    }
  }

  find(name: OlderName): { readonly file: ClosureFile; readonly isExact: boolean } | undefined {
    const exact = this.exact.get(keyOf(name));
    if (exact) return { file: exact, isExact: true };
    const loose = name.path.includes('=') ? this.loose.get(looseOf(name)) : undefined;
    return loose === undefined || loose === 'several' ? undefined : { file: loose, isExact: false };
  }
}

const keyOf = ({ root, path }: OlderName): string => `${root}/${path.toString('latin1')}`;
const looseOf = (name: OlderName): string => keyOf(name).replaceAll(/ *= */g, '=');
