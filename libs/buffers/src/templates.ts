import { z } from 'zod';

/**
 * A path of which each part is a word in braces or plain text: `{login}/{project}/{dataset}`. Names of directories are
 * bytes, so a word stands for a whole name.
 */
export interface PathTemplate {
  readonly text: string;
  readonly parts: readonly ({ readonly word: string } | { readonly name: string })[];
}

const word = /^\{([a-z]+)\}$/;

export const pathTemplate = z.string().transform((text, context): PathTemplate => {
  const parts = text.split('/').map((part) => {
    const [, name] = word.exec(part) ?? [];
    return name === undefined ? { name: part } : { word: name };
  });
  const isGood = parts.every(
    (part) => 'word' in part || (!['', '.', '..'].includes(part.name) && !/[{}\0]/.test(part.name)),
  );
  const words = wordsOf({ text, parts });
  if (isGood && new Set(words).size === words.length) return { text, parts };
  context.addIssue({
    code: 'custom',
    message: 'must be names and words in braces, separated by slashes, each word once, such as {login}/{dataset}',
  });
  return z.NEVER;
});

export function wordsOf({ parts }: PathTemplate): readonly string[] {
  return parts.flatMap((part) => ('word' in part ? [part.word] : []));
}

/** What the words stand for in a path; undefined for a path of another form. */
export function matchTemplate({ parts }: PathTemplate, path: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const names = path.toString('latin1').split('/');
  if (names.length !== parts.length) return undefined;
  const values = new Map<string, Buffer>();
  for (const [at, part] of parts.entries()) {
    const name = Buffer.from(names[at] as string, 'latin1');
    if ('word' in part) values.set(part.word, name);
    else if (!name.equals(Buffer.from(part.name))) return undefined;
  }
  return values;
}

/** The path in which the words have these values. Every word must have one. */
export function fillTemplate({ text, parts }: PathTemplate, values: ReadonlyMap<string, Buffer>): Buffer {
  const names = parts.map((part) => {
    if ('name' in part) return Buffer.from(part.name);
    const value = values.get(part.word);
    if (value === undefined) throw new RangeError(`the word ${part.word} of ${text} has no value`);
    return value;
  });
  return Buffer.concat(names.flatMap((name, at) => (at === 0 ? [name] : [Buffer.from('/'), name])));
}
