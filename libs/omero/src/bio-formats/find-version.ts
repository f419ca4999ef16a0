import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { MemoNotFound, newestMemo, readHead, versionInMemo, type WalkLimits } from './memo';

/** The version of Bio-Formats that OMERO.server uses, and its source; or why it is not known. */
export type BioFormats =
  | { readonly version: string; readonly from: 'setting' }
  | { readonly version: string; readonly from: 'memo'; readonly path: string; readonly writtenAt: Date }
  | { readonly version: null; readonly reason: string };

export interface BioFormatsPlaces {
  /** `OMERO_BIOFORMATS_VERSION`. */
  readonly setting?: string | undefined;
  /** OMERO's data directory. */
  readonly dataDir: string;
}

const scanLimits: WalkLimits = { entries: 2_000_000, ms: 120_000 };

/**
 * The setting takes precedence; without it, the newest of the memo files that OMERO.server keeps of the images it
 * opened. The cache directory may be a link, as OMERO's trees may; below it no links are followed.
 */
export async function findBioFormats(
  { setting, dataDir }: BioFormatsPlaces,
  limits: WalkLimits = scanLimits,
): Promise<BioFormats> {
  if (setting !== undefined) return { version: setting, from: 'setting' };
  const cache = join(dataDir, 'BioFormatsCache');
  try {
    const memo = await newestMemo(await realpath(cache, { encoding: 'buffer' }), limits);
    const [version, path] = [versionInMemo(await readHead(memo.path)), memo.path.toString()];
    if (version === undefined) return { version: null, reason: `${path} does not start like a known memo file` };
    return { version, from: 'memo', path, writtenAt: new Date(memo.mtimeMs) };
  } catch (error) {
    return { version: null, reason: reasonOf(error, cache) };
  }
}

/** An error of the file system here does not prevent archiving images that every version can open. */
function reasonOf(error: unknown, cache: string): string {
  if (error instanceof MemoNotFound) return `${cache}: ${error.message}`;
  return codeOf(error) === 'ENOENT' ? `${cache} does not exist` : `${cache} cannot be read (${codeOf(error)})`;
}
