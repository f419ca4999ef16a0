const REPLACED: Readonly<Record<string, string>> = {
  '"': "'",
  '*': 'x',
  ':': ';',
  '<': '[',
  '>': ']',
  '?': '%',
  '\\': '!',
  '|': '!',
};

/** A name as OMERO keeps it: without what Windows or UNIX do not allow. */
export function cleanName(name: string): string {
  return [...name].map((letter) => (letter < ' ' ? '_' : (REPLACED[letter] ?? letter))).join('');
}

/** `filesetentry.clientpath`: the absolute path without its first slash, with clean names. */
export function clientPath(path: string): string {
  return path.slice(1).split('/').map(cleanName).join('/');
}
