import { createHash } from 'node:crypto';
import { bufferMarker, fillTemplate, isWithin, type BufferSettings, type Instrument } from '@coldroom/buffers';
import { codeOf, crashPoint, Refused, Transient, type Identity } from '@coldroom/domain';
import { displayPath, moveDirectory, openDirectory, openRoot, type Files, type Root } from '@coldroom/files';
import { fromInput, inputOf, listSet, reach, type ListedSet } from './listing';
import { runRsync } from './run-rsync';

export interface PullWork {
  readonly files: Files;
  readonly signal: AbortSignal;
  /** The directory that a worker was about to move before it died. */
  readonly moved: string | null;
  /** Records the directory that is about to get its name in the buffer. */
  readonly moves: (inode: string) => Promise<void>;
}

const inodeOf = ({ dev, ino }: Identity): string => `${dev}:${ino}`;

/**
 * Copies one set of an instrument into the buffer, and returns where it is. The copy is made among our own files, compared
 * with the source byte by byte, and only then gets its name in the buffer, where nothing must be. The source is only read.
 * May be repeated: rsync resumes. `Refused` `PULL_TARGET_TAKEN`, `PULL_FILES_LEFT`, `PULL_LOCKS_OUTSIDE`; `Transient` as
 * `runRsync`, and `PULL_NOT_PROVEN`.
 */
export async function pullSet(
  instrument: Instrument,
  buffer: BufferSettings,
  set: ListedSet,
  { files, signal, moved, moves }: PullWork,
): Promise<Buffer> {
  const root = await openRoot(buffer.directory, bufferMarker(buffer.name));
  const place = fillTemplate(instrument.into.directory, set.words);
  const target = Buffer.concat([Buffer.from(`${buffer.directory}/`), place]);
  const staging = stagingOf(instrument, buffer, set);
  const [found] = await files.inspect([{ root: buffer.directory, path: place }]);
  if (found?.kind === 'refused') throw found.error;
  if (found?.kind === 'directory' && moved !== null && inodeOf(found.identity) === moved) return target;
  if (found?.kind !== 'missing') throw taken(target);
  const temporary = `${staging}/.temporary`;
  await (await openDirectory(root, Buffer.from(temporary), { create: true })).close();
  crashPoint('pull:1-directory-made');
  await dropTemporary(root, temporary, { files, signal });
  await transfer(instrument, set, `${buffer.directory}/${staging}`, signal);
  crashPoint('pull:2-copied');
  await prove(instrument, set, { root: buffer.directory, staging }, { files, signal });
  crashPoint('pull:3-proven');
  const [copy] = await files.inspect([{ root: buffer.directory, path: joined(Buffer.from(staging), set.path) }]);
  if (copy?.kind !== 'directory') throw new Transient('PULL_NOT_PROVEN', 'The copy is gone. It will be made again.');
  await moves(inodeOf(copy.identity));
  await moveDirectory(root, joined(Buffer.from(staging), set.path), place).catch((error: unknown) => {
    throw codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTEMPTY' ? taken(target) : error;
  });
  crashPoint('pull:4-moved');
  return target;
}

/** A directory of this set alone, among the locks: only the service may write there. */
function stagingOf(
  { name }: Instrument,
  { directory, locks, name: buffer }: BufferSettings,
  { path }: ListedSet,
): string {
  if (!isWithin(Buffer.from(locks), Buffer.from(directory)))
    throw new Refused(
      'PULL_LOCKS_OUTSIDE',
      `The directory for locks of the buffer ${buffer} is not in the buffer, so nothing can be pulled into it. Leave out the setting "locks".`,
    );
  const id = createHash('sha256').update(path).digest('hex').slice(0, 32);
  return `${locks.slice(directory.length + 1)}/pull/${name}/${id}`;
}

/** What an rsync that was killed left of a file. No one else writes in this directory. */
async function dropTemporary(
  root: Root,
  path: string,
  { files, signal }: { readonly files: Files; readonly signal: AbortSignal },
): Promise<void> {
  const directory = await openDirectory(root, Buffer.from(path));
  try {
    const places = (await directory.names()).map((name) => ({
      root: root.directory,
      path: joined(Buffer.from(path), name),
    }));
    const found = await files.inspect(places);
    const left = places.flatMap((at, nr) => {
      const one = found[nr];
      return one?.kind === 'file' ? [{ at, file: one.identity }] : [];
    });
    const deadline = new BigInt64Array(new SharedArrayBuffer(8));
    deadline[0] = process.hrtime.bigint() + 60_000_000_000n;
    await files.removeOwn(left, { signal, deadline, progress: () => undefined });
  } finally {
    await directory.close();
  }
}

/** Never in place, never by appending, and nothing is deleted: a file gets its name when it is complete. */
async function transfer(instrument: Instrument, set: ListedSet, into: string, signal: AbortSignal): Promise<void> {
  const { rate } = instrument;
  const limit = rate === undefined ? [] : [`--bwlimit=${Math.floor(rate / 1024)}`];
  const places = [`--temp-dir=${into}/.temporary`, '--partial-dir=.coldroom-partial'];
  const how = ['--times', '--omit-dir-times', '--fsync', '--timeout=600', ...places, ...limit];
  await run(instrument, set, how, `${into}/`, { line: () => undefined, signal });
}

async function prove(
  instrument: Instrument,
  set: ListedSet,
  { root, staging }: { readonly root: string; readonly staging: string },
  { files, signal }: { readonly files: Files; readonly signal: AbortSignal },
): Promise<void> {
  let [differences, first] = [0, ''];
  const how = ['--times', '--omit-dir-times', '--checksum', '--dry-run', '--itemize-changes', '--timeout=0'];
  await run(instrument, set, how, `${root}/${staging}/`, {
    line: (line) => {
      differences += 1;
      if (first === '') first = line;
    },
    signal,
  });
  if (differences > 0)
    throw new Transient(
      'PULL_NOT_PROVEN',
      `${differences} differences between the copy and the instrument, first: ${first}. It will be copied again.`,
    );
  // A file that was renamed or removed there is no difference to rsync.
  const now = await listSet(instrument, set.path, signal);
  if (now?.look !== set.look)
    throw new Transient(
      'PULL_SOURCE_CHANGED',
      'The set changed while it was copied. It is looked at again until it stays the same.',
    );
  const copy = await files.summarize({ root, path: joined(Buffer.from(staging), set.path) }, { sync: true });
  if (copy.files !== set.files || copy.bytes !== set.bytes)
    throw new Refused(
      'PULL_FILES_LEFT',
      `The copy has ${copy.files} files of ${copy.bytes} bytes, the instrument listed ${set.files} of ${set.bytes}: files were renamed or removed there. Look at ${root}/${staging}, and remove it for another copy.`,
    );
}

async function run(
  instrument: Instrument,
  { path }: ListedSet,
  how: readonly string[],
  into: string,
  { line, signal }: { readonly line: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const args = ['--recursive', ...fromInput, ...how, ...reach(instrument), '--', `${instrument.from}/`, into];
  await runRsync({ args, input: inputOf(path), line, signal });
}

function taken(target: Buffer): Refused {
  return new Refused(
    'PULL_TARGET_TAKEN',
    `${displayPath(target)} exists already. It is left as it is: move it elsewhere, or rename the directory at the instrument.`,
  );
}

const joined = (one: Buffer, other: Buffer): Buffer => Buffer.concat([one, Buffer.from('/'), other]);
