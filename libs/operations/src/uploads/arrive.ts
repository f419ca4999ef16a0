import { seenBy, fillTemplate } from '@coldroom/buffers';
import { codeOf, crashPoint, NotYet, Refused, Transient, type Identity } from '@coldroom/domain';
import { moveDirectory } from '@coldroom/files';
import type { ImportOrder, Upload } from '@coldroom/register';
import { planImport } from '../imports/order';
import {
  aloneOn,
  shownPlace,
  Staging,
  uploadBuffer,
  uploadOf,
  workUntil,
  type UploadBuffer,
  type Uploading,
} from './scene';

/**
 * Gives a set of which every file is proven its name in the buffer, and orders its import for its person. May be repeated:
 * there is one set and one order. `Refused` `UPLOAD_INCOMPLETE`, and as `planImport`; `NotYet` `UPLOAD_BUSY`.
 */
export async function orderUpload(uploading: Uploading, setName: string): Promise<ImportOrder> {
  const upload = await uploadOf(uploading, setName);
  const ended = await aloneOn(uploading.register, upload, async () => {
    const now = await uploadOf(uploading, setName);
    if (now.state === 'discarded') throw new Refused('UPLOAD_DISCARDED', 'This upload was discarded. Begin it again.');
    const place = now.state === 'arrived' && now.place ? now.place : await arrive(uploading, now);
    return order(uploading, now, place);
  });
  if (!ended) throw new NotYet('UPLOAD_BUSY', 'Another request works on this set.');
  return ended.done;
}

const inodeOf = ({ dev, ino }: Identity): string => `${dev}:${ino}`;

async function arrive({ register, imports, files }: Uploading, upload: Upload): Promise<Buffer> {
  const { uploads } = register.imports;
  const buffer = uploadBuffer(imports, upload.buffer);
  const root = await imports.root(buffer);
  const staging = new Staging(buffer, upload);
  await refuseIncomplete(register, upload);
  if (upload.place && upload.moving !== null) {
    const [there] = await files.inspect([{ root: buffer.directory, path: upload.place }]);
    if (there?.kind === 'directory' && inodeOf(there.identity) === upload.moving)
      return arrived({ register, files }, buffer, upload, upload.place);
  }
  const sum = await files.summarize(staging.set, { sync: true });
  if (sum.files !== upload.files || sum.bytes !== upload.bytes || sum.odd !== null)
    throw new Refused(
      'UPLOAD_FILES_LEFT',
      `What was received is not what is recorded: ${sum.files} files of ${sum.bytes} bytes are in ${shownPlace(buffer, staging.set.path)}, and ${upload.files} of ${upload.bytes} were proven. Look there.`,
    );
  const [set] = await files.inspect([staging.set]);
  if (set?.kind !== 'directory') throw new Transient('UPLOAD_BUSY', 'The set is being worked on. It is tried again.');
  for (const place of placesFor(buffer, upload)) {
    await uploads.moving(upload.id, place, inodeOf(set.identity));
    if (!(await moved(root, staging.set.path, place))) continue;
    crashPoint('upload:2-set-moved');
    return arrived({ register, files }, buffer, upload, place);
  }
  throw new Refused(
    'UPLOAD_TARGET_TAKEN',
    `Both places for the set are taken in the buffer, ${placesFor(buffer, upload)
      .map((place) => shownPlace(buffer, place))
      .join(' and ')}. Nothing is replaced: move what is there, and order again.`,
  );
}

async function moved(root: Parameters<typeof moveDirectory>[0], from: Buffer, to: Buffer): Promise<boolean> {
  try {
    await moveDirectory(root, from, to);
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY'].includes(codeOf(error))) return false;
    throw error;
  }
}

async function arrived(
  { register, files }: Pick<Uploading, 'register' | 'files'>,
  buffer: UploadBuffer,
  upload: Upload,
  place: Buffer,
): Promise<Buffer> {
  await register.imports.uploads.arrived(upload, shownPlace(buffer, place));
  const staging = new Staging(buffer, upload);
  const left = ['/parts', ''].map((below) => staging.at(Buffer.from(below)));
  await files.removeEmpty(left, workUntil(new AbortController().signal));
  return place;
}

async function refuseIncomplete(register: Uploading['register'], { id, files, bytes }: Upload): Promise<void> {
  const { declared, declaredBytes, proven } = await register.imports.uploads.amounts(id);
  if (declared !== files || declaredBytes !== bytes || proven !== files)
    throw new Refused(
      'UPLOAD_INCOMPLETE',
      `Of ${files} files of this set, ${declared} were declared and ${proven} are proven. Send the rest.`,
    );
}

/** In the directory of its person; where another set has that name, with a part of its own name for the set. */
function placesFor({ access, uploads }: UploadBuffer, upload: Upload): readonly Buffer[] {
  const [own] = seenBy(upload.login, { access, shared: [] });
  if (!own) throw new RangeError(`${upload.login} has no directory`);
  const { directory, setName, workstation } = upload;
  const withNumber = Buffer.concat([directory, Buffer.from(`-${setName.slice(0, 8)}`)]);
  return [directory, withNumber].map((name) => {
    const words = new Map([
      ['workstation', Buffer.from(workstation)],
      ['name', name],
    ]);
    return Buffer.concat([own, Buffer.from('/'), fillTemplate(uploads.directory, words)]);
  });
}

/** Ordered as the person would: from their own directory. */
async function order({ register, imports }: Uploading, upload: Upload, place: Buffer): Promise<ImportOrder> {
  const { orders, uploads } = register.imports;
  const { directory } = uploadBuffer(imports, upload.buffer);
  const path = Buffer.concat([Buffer.from(`${directory}/`), place]);
  const id = upload.orderId ?? (await uploads.orderAt(upload, path)) ?? (await newOrder());
  if (upload.orderId === null) await uploads.ordered(upload.id, id);
  const found = await orders.get(id);
  if (!found) throw new RangeError(`import ${id} is gone`);
  return found;

  async function newOrder(): Promise<bigint> {
    const { login, wish, workstation } = upload;
    const person = await register.people.byLogin(login);
    const actor = { name: login, personId: person?.id ?? null, roles: ['researcher'] as const, leads: [] };
    const reviewer = { register, actor, policy: { leadersDecide: false, fourEyes: false } };
    const planned = await planImport(reviewer, imports, { ...wish, path, login, origin: 'agent' });
    const made = await orders.order(planned.order, `token:${workstation}`);
    crashPoint('upload:3-ordered');
    return made.id;
  }
}
