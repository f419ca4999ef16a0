/** `none`, `required` or `optional`, as GNU getopt has them. */
export type Takes = 'none' | 'required' | 'optional';

export interface Parsed {
  readonly options: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  readonly rest: readonly string[];
}

/** A word that is no option, or lacks its value. */
export class BadOption extends Error {}

/**
 * As GNU getopt for Java reads a command line: options may stand after paths, `--` ends them, `-d5` is `-d 5`, and
 * `--name x` is `--name=x`. Abbreviated long options are not read.
 */
export function getopt(words: readonly string[], known: ReadonlyMap<string, Takes>): Parsed {
  const options: Array<{ name: string; value: string }> = [];
  const rest: string[] = [];
  const waiting = [...words];
  const take = (name: string): string => {
    const value = waiting.shift();
    if (value === undefined) throw new BadOption(`option requires an argument -- ${name}`);
    return value;
  };
  const takes = (name: string): Takes => {
    const kind = known.get(name);
    if (kind === undefined) throw new BadOption(`unrecognized option '${name}'`);
    return kind;
  };
  while (waiting.length > 0) {
    const word = waiting.shift()!;
    if (word === '--') rest.push(...waiting.splice(0));
    else if (word.startsWith('--')) {
      const [name = '', ...values] = word.slice(2).split('=');
      const kind = takes(name);
      if (kind === 'none' && values.length > 0) throw new BadOption(`option '--${name}' doesn't allow an argument`);
      const value = values.length > 0 ? values.join('=') : kind === 'required' ? take(name) : '';
      options.push({ name, value });
    } else if (word.startsWith('-') && word.length > 1) {
      for (let letters = word.slice(1); letters !== '';) {
        const name = letters[0]!;
        letters = letters.slice(1);
        if (takes(name) === 'none') options.push({ name, value: '' });
        else {
          options.push({ name, value: letters === '' ? take(name) : letters });
          letters = '';
        }
      }
    } else rest.push(word);
  }
  return { options, rest };
}
