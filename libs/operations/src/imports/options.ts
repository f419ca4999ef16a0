import { Refused } from '@coldroom/domain';
import type { ImportOptions } from '@coldroom/register';

const longestName = 255;
const longestText = 10_000;

/** The name and description of what is imported. `Refused` `IMPORT_OPTIONS_INVALID`. */
export function checkImportOptions({ name, description }: ImportOptions): void {
  const texts = [name, description].filter((text) => text !== undefined);
  if (texts.some((text) => text.includes('\0') || !text.isWellFormed())) throw invalid('a text is not plain Unicode');
  if (texts.some((text) => text.length > longestText)) throw invalid(`a text has more than ${longestText} characters`);
  if (name !== undefined && (name.trim() === '' || name.length > longestName || /\p{Cc}/u.test(name)))
    throw invalid(`the name must be one line of 1 to ${longestName} characters`);
}

const invalid = (why: string): Refused =>
  new Refused('IMPORT_OPTIONS_INVALID', `What is imported cannot be described like this: ${why}. Correct it.`);
