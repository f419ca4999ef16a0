import { Refused } from '@coldroom/domain';
import { displayPath, EndOfBatch } from '@coldroom/files';
import { randomUUID } from 'node:crypto';
import { inParallel } from '../in-parallel';
import type { Bucket } from './bucket';
import { S3Failure } from './failures';

/** Something that names of files have and that not every server keeps in keys, and a name that has it. */
export interface OddName {
  readonly what: string;
  readonly example: string;
  /** Whether a name, as it is stored below `data/`, has it. */
  readonly isIn: (stored: string) => boolean;
}

const character = (each: string): OddName => ({
  what: `the character ${each}`,
  example: `a${each}b`,
  isIn: (stored) => stored.includes(each),
});
const matching = (what: string, example: string, pattern: RegExp): OddName => ({
  what,
  example,
  isIn: (stored) => pattern.test(stored),
});

export const oddNames: readonly OddName[] = [
  ...[..."!$&'()*+,:;=?@"].map(character),
  matching('a space at the end', 'space ', / (\/|$)/),
  matching('a space at the start', ' space', /(^|\/) /),
  matching('two spaces in a row', 'two  spaces', / {2}/),
  matching('a dot at the end', 'dot.', /\.(\/|$)/),
  matching('a dot at the start', '.dot', /(^|\/)\./),
  matching('percent-encoded characters', 'a%5Cb%FF', /%/),
  matching('letters beyond ASCII', 'ü日本', /[^\x00-\x7f]/),
  matching('combining characters', 'e\u0301', /\p{M}/u),
  matching('characters beyond U+FFFF', 'a\u{1f52c}', /[\u{10000}-\u{10ffff}]/u),
  {
    what: 'more than 255 bytes',
    example: 'n'.repeat(300),
    isIn: (stored) => stored.split('/').some((name) => Buffer.byteLength(name) > 255),
  },
];

const limit = 1024;
/** A probe that runs longer than this was killed. */
const abandonedMs = 3_600_000;

/** What all objects begin with that a store is tried with. */
export const probesBelow = (top: string): string => `${top}.probe-`;

/**
 * Has the server keep, list, give back and remove an object under each odd name, below a prefix of ours. Returns those
 * that it refused, or that it did not list and give back as they were, twice: files with such names are refused then. A
 * server that is in trouble is not judged: its failure is thrown.
 */
export async function namesNotKept(bucket: Bucket, top: string, parallel: number): Promise<readonly OddName[]> {
  await removeAbandoned(bucket, top, parallel);
  const first = await notKeptNow(bucket, top, parallel);
  if (first.length === 0) return first;
  const again = await notKeptNow(bucket, top, parallel);
  return first.filter((odd) => again.includes(odd));
}

/** What follows `.probe-` in our own keys. */
const ours = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\/|$)/;

/** What a process left that was killed. A younger object may belong to a process that is still at work. */
async function removeAbandoned(bucket: Bucket, top: string, parallel: number): Promise<void> {
  const start = probesBelow(top);
  for await (const page of bucket.list(start)) {
    const left = page.filter(
      ({ key, modified }) => ours.test(key.slice(start.length)) && Date.now() - modified > abandonedMs,
    );
    await inParallel(left, parallel, ({ key }) => isTaken(() => bucket.remove(key)));
  }
}

async function notKeptNow(bucket: Bucket, top: string, parallel: number): Promise<readonly OddName[]> {
  const place = `${probesBelow(top)}${randomUUID()}/`;
  const contentOf = ({ example }: OddName): Buffer => Buffer.from(`the name ${example}`);
  const listed = new Set<string>();
  try {
    const taken = await inParallel(oddNames, parallel, (odd) =>
      isTaken(() => bucket.putNew(place + odd.example, contentOf(odd))),
    );
    for await (const page of bucket.list(place)) for (const { key } of page) listed.add(key);
    const kept = await inParallel(oddNames, parallel, async (odd, at) => {
      const key = place + odd.example;
      return taken[at] && listed.has(key) && (await bucket.read(key, limit))?.equals(contentOf(odd));
    });
    return oddNames.filter((_, at) => !kept[at]);
  } finally {
    const keys = new Set([...listed, ...oddNames.map(({ example }) => place + example)]);
    await inParallel([...keys], parallel, (key) => isTaken(() => bucket.remove(key)));
  }
}

/** `Refused` `NAME_NOT_KEPT` if the name under which a copy is stored below `data/` has something that is not kept. */
export function refuseNotKept(store: string, path: Buffer, stored: string, notKept: readonly OddName[]): void {
  const odd = notKept.find(({ isIn }) => isIn(stored));
  if (!odd) return;
  throw new Refused(
    'NAME_NOT_KEPT',
    `The copy of "${displayPath(path)}" cannot be in the store ${store}: its server keeps no name with ${odd.what}.`,
    { path: displayPath(path) },
  );
}

async function isTaken(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    const refused = error instanceof S3Failure || (error instanceof EndOfBatch && error.reason.code === 'STORE_FAILED');
    if (refused) return false;
    throw error;
  }
}
