import { createHash } from 'node:crypto';
import { isWithin, type BufferSettings, type Imports, type UploadSettings } from '@coldroom/buffers';
import { Refused, type Work } from '@coldroom/domain';
import { displayPath, type Files, type Place } from '@coldroom/files';
import type { Register, Upload } from '@coldroom/register';
import { notFound } from '../failure';
import { requirePerson, type Workstation } from '../rights/workstation';

/** With what uploads are taken, and from whom. */
export interface Uploading {
  readonly register: Register;
  readonly imports: Imports;
  readonly files: Files;
  readonly workstation: Workstation;
}

export type UploadBuffer = BufferSettings & { readonly uploads: UploadSettings };

/** `Refused` `UPLOAD_NOT_SET_UP`. */
export function uploadBuffer(imports: Imports, name: string): UploadBuffer {
  const buffer = imports.buffers.find((one) => one.name === name);
  const { uploads } = buffer ?? {};
  if (!buffer || !uploads || !isWithin(Buffer.from(buffer.locks), Buffer.from(buffer.directory)))
    throw new Refused(
      'UPLOAD_NOT_SET_UP',
      `Nothing can be uploaded to the buffer ${name}: the imports file does not have it, or not with "uploads" and its locks in it. Ask the administrator.`,
    );
  return { ...buffer, uploads };
}

/** A set of this workstation. `Refused` `NO_SUCH_UPLOAD`, and `NOT_PERMITTED` if the token no longer names its person. */
export async function uploadOf({ register, workstation }: Uploading, setName: string): Promise<Upload> {
  const upload = await register.imports.uploads.get(workstation.name, setName);
  if (!upload || upload.buffer !== workstation.buffer)
    throw notFound(`upload ${setName}`, 'NO_SUCH_UPLOAD', 'begin it');
  requirePerson(workstation, upload.login);
  return upload;
}

/** Work on one set at a time, in whatever process. `Transient` `UPLOAD_BUSY`. */
export async function aloneOn<T>(
  register: Register,
  { id }: Pick<Upload, 'id'>,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly done: T } | undefined> {
  return register.alone(`upload ${id}`, async (lost) => ({ done: await act(lost) }));
}

const dayNs = 86_400_000_000_000n;

/** Nothing but `signal` ends it earlier than after a day. */
export function workUntil(signal: AbortSignal): Work {
  const deadline = new BigInt64Array(new SharedArrayBuffer(8));
  deadline[0] = process.hrtime.bigint() + dayNs;
  return { signal, deadline, progress: () => undefined };
}

/** Where a set is while it is received: among the locks, where only the service may write. */
export class Staging {
  /** Below the buffer. */
  readonly directory: string;

  constructor(
    private readonly buffer: Pick<BufferSettings, 'directory' | 'locks'>,
    { workstation, setName }: Pick<Upload, 'workstation' | 'setName'>,
  ) {
    const key = createHash('sha256').update(`${workstation}\0${setName}`).digest('hex').slice(0, 32);
    this.directory = `${buffer.locks.slice(buffer.directory.length + 1)}/uploads/${key}`;
  }

  /** What was received of a file so far. */
  part(number: number): Place {
    return this.at(Buffer.from(`/parts/${number}`));
  }

  /** The file once it is proven. */
  file(path: Buffer): Place {
    return this.at(Buffer.concat([Buffer.from('/set/'), path]));
  }

  get set(): Place {
    return this.at(Buffer.from('/set'));
  }

  at(below: Buffer): Place {
    return { root: this.buffer.directory, path: Buffer.concat([Buffer.from(this.directory), below]) };
  }
}

export const shownPlace = ({ directory }: Pick<BufferSettings, 'directory'>, place: Buffer): string =>
  displayPath(Buffer.concat([Buffer.from(`${directory}/`), place]));
