/** Splits a line as a shell does: by blanks, except in quotes or after a backslash. Throws for a quote without its end. */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] as string;
    if (quote === "'") {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === '\\' && !(quote === '"' && !['"', '\\'].includes(line[at + 1] ?? ''))) {
      at += 1;
      if (at === line.length) throw new Error('a line ends with a backslash');
      word = (word ?? '') + (line[at] as string);
    } else if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new Error(`a ${quote} has no end`);
  return word === undefined ? words : [...words, word];
}
