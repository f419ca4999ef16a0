import { existsSync } from 'node:fs';

const IMPORTER = 'ome.formats.importer.cli.CommandLineImporter';

/** How omero-py starts Java: options of the virtual machine, a class, and the words for it. */
export interface JavaCommand {
  /** `-Dname=value`. */
  readonly properties: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

/** For Java itself to say: on stderr, with this exit code. */
export class JavaMessage extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** Throws a `JavaMessage` for `-version` and for what a Java with only the importer on its class path cannot run. */
export function parseJavaCommand(words: readonly string[]): JavaCommand {
  const properties = new Map<string, string>();
  let classPath = '';
  let index = 0;
  for (; words[index]?.startsWith('-'); index += 1) {
    const word = words[index]!;
    if (word === '-version') throw new JavaMessage('openjdk version "11.0.2" (stand-in of tests)', 0);
    if (word === '-cp' || word === '-classpath') classPath = words[(index += 1)] ?? '';
    else if (word.startsWith('-D')) properties.set(...definition(word));
    else if (!word.startsWith('-X')) throw new JavaMessage(`Unrecognized option: ${word}`, 1);
  }
  const name = words[index] ?? '';
  if (name !== IMPORTER || !classPath.split(':').some((jar) => existsSync(jar)))
    throw new JavaMessage(`Error: Could not find or load main class ${name}`, 1);
  return { properties, words: words.slice(index + 1) };
}

function definition(word: string): [string, string] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word.slice(2), ''] : [word.slice(2, equals), word.slice(equals + 1)];
}
