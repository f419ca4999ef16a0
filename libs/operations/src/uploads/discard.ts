import { Refused } from '@coldroom/domain';
import type { Files, Place } from '@coldroom/files';
import type { Imports } from '@coldroom/buffers';
import type { Register, Upload } from '@coldroom/register';
import { valueOf } from './prove';
import { aloneOn, Staging, uploadBuffer, uploadOf, workUntil, type Uploading } from './scene';

type Discarding = Pick<Uploading, 'register' | 'imports' | 'files'>;

/** Removes what was received of a set that is not in the buffer yet. `Refused` `UPLOAD_ARRIVED`; see `uploadOf`. */
export async function discardUpload(uploading: Uploading, setName: string): Promise<void> {
  const upload = await uploadOf(uploading, setName);
  await aloneOn(uploading.register, upload, async (signal) => {
    const now = await uploadOf(uploading, setName);
    if (now.state === 'arrived')
      throw new Refused('UPLOAD_ARRIVED', 'This set is in the buffer. Cancel its import instead, if it is not wanted.');
    if (now.state === 'receiving') await removeReceived(uploading, now, signal);
  });
}

/** Discards what no workstation has worked on for longer than the buffer's settings say, and says how many sets. */
export async function discardAbandoned(discarding: Discarding, signal: AbortSignal): Promise<number> {
  const { register, imports } = discarding;
  let discarded = 0;
  for (const buffer of imports.buffers) {
    if (!buffer.uploads) continue;
    for (const upload of await register.imports.uploads.abandoned(buffer.name, buffer.uploads.expire)) {
      if (signal.aborted) return discarded;
      const ended = await aloneOn(register, upload, async (lost) => {
        const stillAbandoned = await register.imports.uploads.abandoned(
          buffer.name,
          buffer.uploads?.expire ?? Infinity,
        );
        if (!stillAbandoned.some(({ id }) => id === upload.id)) return 0;
        await removeReceived(discarding, upload, AbortSignal.any([signal, lost]));
        return 1;
      });
      discarded += ended?.done ?? 0;
    }
  }
  return discarded;
}

/** Only files that were declared, where only we write; what else is there stays, and its directories. */
async function removeReceived(
  { register, imports, files }: { readonly register: Register; readonly imports: Imports; readonly files: Files },
  upload: Upload,
  signal: AbortSignal,
): Promise<void> {
  const buffer = uploadBuffer(imports, upload.buffer);
  await imports.root(buffer);
  const staging = new Staging(buffer, upload);
  if (await isInBuffer(files, buffer.directory, upload)) return;
  const directories = new Set<string>();
  for await (const batch of register.imports.uploadFiles.batches(upload.id)) {
    const places = batch.flatMap(({ number, path }) => [staging.part(number), staging.file(path)]);
    await removeFiles(files, places, signal);
    for (const { path } of batch) for (const parent of parentsOf(path)) directories.add(parent);
  }
  const deepestFirst = [...directories].toSorted((one, other) => other.length - one.length);
  const below = [...deepestFirst.map((path) => `/set/${path}`), '/set', '/parts', ''];
  const places = below.map((path) => staging.at(Buffer.from(path, 'latin1')));
  await files.removeEmpty(places, workUntil(signal));
  await register.imports.uploads.discarded(upload.id);
}

/** Moved there by a console that died before it recorded this: it is no longer ours to remove. */
async function isInBuffer(files: Files, root: string, { place, moving }: Upload): Promise<boolean> {
  if (place === null || moving === null) return false;
  const [there] = await files.inspect([{ root, path: place }]);
  return there?.kind === 'directory' && `${there.identity.dev}:${there.identity.ino}` === moving;
}

async function removeFiles(files: Files, places: readonly Place[], signal: AbortSignal): Promise<void> {
  const found = await files.inspect(places);
  const ours = places.flatMap((at, nr) => {
    const one = found[nr];
    return one?.kind === 'file' ? [{ at, file: one.identity }] : [];
  });
  for (const outcome of await files.removeOwn(ours, workUntil(signal))) valueOf(outcome);
}

function parentsOf(path: Buffer): readonly string[] {
  const names = path.toString('latin1').split('/').slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}
