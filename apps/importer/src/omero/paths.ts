import { isUtf8 } from 'node:buffer';
import { Refused } from '@coldroom/domain';

/**
 * The paths for OMERO's importer on standard input, one in a line. Absolute ones only, so that none reads as an option.
 * `Refused` `IMPORT_NAME_NOT_POSSIBLE` for a name that the importer cannot read there: with a line break, with a blank at
 * either end, or not in UTF-8.
 */
export function pathLines(paths: readonly Buffer[]): Buffer {
  if (paths.length === 0) throw new RangeError('there is nothing to import');
  const lines = paths.map((path) => {
    if (path[0] !== 0x2f) throw new RangeError('a path for the importer is not absolute');
    const text = path.toString();
    const why = !isUtf8(path)
      ? 'it is not in UTF-8'
      : /[\n\r\0]/.test(text)
        ? 'it contains a line break'
        : text.trim() !== text
          ? 'it ends with a blank'
          : undefined;
    if (why === undefined) return text;
    throw new Refused(
      'IMPORT_NAME_NOT_POSSIBLE',
      `OMERO's importer cannot read the name ${JSON.stringify(text)}: ${why}. Rename the file, and import it again.`,
    );
  });
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}
