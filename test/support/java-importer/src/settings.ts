import { readFileSync } from 'node:fs';

/** The environment variable that names the file of the settings. */
export const SETTINGS = 'JAVA_IMPORTER_SETTINGS';

/** What the real importer finds at the server, and how this one misbehaves. */
export interface Settings {
  /** A sample OMERO's. */
  readonly databaseUrl: string;
  /** That OMERO's data directory. */
  readonly dataDir: string;
  /** The owner of the files if root writes them, as for the sample OMERO. */
  readonly owner: 'omero' | 'self';
  /** A file of a list of misbehaviours; none if it is missing. */
  readonly misbehaviourFile: string;
  /** A real Java with a real Bio-Formats. Without them, names decide the format. */
  readonly bioFormats?: { readonly java: string; readonly classPath: string };
}

export function readSettings(): Settings {
  return JSON.parse(readFileSync(process.env[SETTINGS] ?? '', 'utf8')) as Settings;
}
