import { Refused } from '@coldroom/domain';
import type { ImportOptions, ImportPair } from '@coldroom/register';

const longestName = 255;
/** An index of OMERO's database holds each value. */
const longestValue = 2000;
const mostPairs = 100;
const longestText = 10_000;

/** The name and description of what is imported. `Refused` `IMPORT_OPTIONS_INVALID`. */
export function checkImportOptions({ name, description, annotations = [] }: ImportOptions): void {
  const texts = [name, description, ...annotations.flat()].filter((text) => text !== undefined);
  if (texts.some((text) => text.includes('\0') || !text.isWellFormed())) throw invalid('a text is not plain Unicode');
  if (texts.some((text) => text.length > longestText)) throw invalid(`a text has more than ${longestText} characters`);
  if (name !== undefined && (name.trim() === '' || name.length > longestName || /\p{Cc}/u.test(name)))
    throw invalid(`the name must be one line of 1 to ${longestName} characters`);
  if (annotations.length > mostPairs) throw invalid(`it has more than ${mostPairs} key-value pairs`);
  for (const [key, value] of annotations) {
    if (key.trim() === '' || key.length > longestName || /\p{Cc}/u.test(key))
      throw invalid(`a key must be one line of 1 to ${longestName} characters`);
    if (Buffer.byteLength(value) > longestValue)
      throw invalid(`the value of "${key}" has more than ${longestValue} bytes`);
  }
}

/** `key=value` as a pair; the value may contain `=`. `Refused` `IMPORT_OPTIONS_INVALID`. */
export function importPair(text: string): ImportPair {
  const at = text.indexOf('=');
  if (at < 0) throw invalid(`${JSON.stringify(text)} is not a key and a value, such as Stain=DAPI`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

const invalid = (why: string): Refused =>
  new Refused('IMPORT_OPTIONS_INVALID', `What is imported cannot be described like this: ${why}. Correct it.`);
