import type { Settings } from '@coldroom/runtime';

/** The hold directories, as the linker has them. Loaded where needed, as everything of the pipeline: other commands start faster. */
export async function holdsOf(
  settings: Pick<Settings<'originals'>, 'OMERO_DATA_DIR'> & Partial<Settings<'originals'>>,
): Promise<readonly string[]> {
  const { holdPaths } = await import('@coldroom/pipeline/staging');
  return holdPaths(settings);
}
