import { isUtf8 } from 'node:buffer';
import { Refused } from '@coldroom/domain';
import { joined, localPath, lookAt, namesIn, shownBytes, type LocalPath } from '../local-path';
import type { SetWish } from '../set/prepare';
import type { WatchedDirectory } from '../settings';

const word = /^\{([a-z]+)\}$/;
const unfinished = /(\.part|\.filepart|\.crdownload|\.tmp|\.coldroom-removing)$|^\..*\.[A-Za-z0-9]{6}$/;

/** Whether a program gives such a name to a file that it is still writing. */
export const isUnfinished = (path: Buffer): boolean => unfinished.test(path.toString('latin1').split('/').at(-1) ?? '');

export interface FoundSet {
  readonly directory: LocalPath;
  readonly words: ReadonlyMap<string, Buffer>;
}

/** The directories below a watched one that have the form of sets. Links are not followed. */
export async function* setsIn({ directory, sets }: WatchedDirectory): AsyncGenerator<FoundSet> {
  yield* below(localPath(directory), sets.split('/'), new Map());
}

async function* below(
  directory: LocalPath,
  [part, ...rest]: readonly string[],
  words: ReadonlyMap<string, Buffer>,
): AsyncGenerator<FoundSet> {
  if (part === undefined) return yield { directory, words };
  const name = word.exec(part)?.[1];
  for (const found of await namesIn(directory)) {
    if (name === undefined ? !found.equals(Buffer.from(part)) : found[0] === 0x2e) continue;
    const path = joined(directory, found);
    if ((await lookAt(path))?.kind !== 'directory') continue;
    yield* below(path, rest, name === undefined ? words : new Map([...words, [name, found]]));
  }
}

/** For whom a set is sent, and where to. `Refused` `NAME_NOT_ALLOWED`. */
export function wishOf({ directory, words }: FoundSet, rule: WatchedDirectory): SetWish {
  const text = (name: string): string => {
    const bytes = words.get(name);
    if (bytes === undefined)
      throw new Refused('AGENT_SETTINGS', `The target has {${name}}, and "sets" does not have it.`);
    if (isUtf8(bytes)) return bytes.toString();
    throw new Refused(
      'NAME_NOT_ALLOWED',
      `The name ${shownBytes(bytes)} is not in UTF-8, so OMERO cannot have it. Rename the directory.`,
    );
  };
  return {
    directory,
    person: rule.person ?? text('person'),
    target: rule.target.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => text(name)),
    group: rule.group,
    transfer: rule.transfer,
    removeAfterMs: rule.remove === 'never' ? null : rule.remove,
  };
}
