import { statfs } from 'node:fs/promises';
import { FileStore } from '@tus/file-store';
import { MemoryLocker, Server, Upload } from '@tus/server';
import type { Request, Response } from 'express';
import type { Reception } from '@coldroom/operations';

const full = {
  code: 'UPLOAD_NO_ROOM',
  detail: 'The disk of the buffer is full. What was received stays, and the rest is tried again later.',
};
const fullBytes = 4n * 1024n * 1024n;

/** The store of the protocol's library does not say why it could not write. */
async function isFull(directory: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory, { bigint: true });
  return bavail * bsize < fullBytes;
}

/** Two requests never write the same file: the later one has the earlier one end. */
const locker = new MemoryLocker();

/**
 * Answers a request of the tus protocol (version 1.0.0, its core only) for one declared file. The register knows the size,
 * and the file itself how much of it has been received: nothing else is kept.
 */
export async function receive(reception: Reception, request: Request, response: Response): Promise<void> {
  const { upload, file, directory, id } = reception;
  const size = Number(file.size);
  const known = new Upload({ id, size, offset: 0 });
  const datastore = new FileStore({
    directory,
    configstore: { get: async () => known, set: async () => undefined, delete: async () => undefined },
  });
  const server = new Server({
    path: '/',
    datastore,
    locker: { newLock: () => locker.newLock(`${upload.id}/${file.number}`) },
    getFileIdFromRequest: () => id,
    maxSize: size,
    allowedOrigins: [],
    onResponseError: async (_request, error) => {
      const { status_code: status = 500, body } = error as { status_code?: number; body?: string };
      if (status >= 500 && (await isFull(directory))) return { status_code: 507, body: JSON.stringify(full) };
      return { status_code: status, body: body ?? 'The file could not be received.\n' };
    },
  });
  await server.handle(request, response);
}
