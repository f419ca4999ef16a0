import { dirname, join } from 'node:path';

/**
 * The words that start OMERO's own command line. It refuses to run as root, who is shown to it as another user, with
 * the files that are root's.
 */
export function omeroCommand(python: string): readonly string[] {
  const words = [python, join(dirname(python), 'omero')];
  return process.getuid?.() === 0
    ? ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--', ...words]
    : words;
}
