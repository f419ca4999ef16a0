/** Characters that Windows does not allow, and what OMERO writes instead (its `FilePathRestrictions`). */
const replaced: Readonly<Record<string, string>> = {
  '"': "'",
  '*': 'x',
  ':': ';',
  '<': '[',
  '>': ']',
  '?': '%',
  '\\': '!',
  '|': '!',
};

/**
 * `filesetentry.clientpath` of a file that is imported from this absolute path: without the first slash, and with the names
 * that OMERO writes by its default rules. With other rules, or for names that Windows reserves, no fileset matches, and a
 * person decides.
 */
export function clientPathOf(path: string): string {
  return [...path.slice(1)].map((letter) => (letter < ' ' ? '_' : (replaced[letter] ?? letter))).join('');
}
