import { createReadStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Upload, type DetailedError, type FileReader, type FileSource } from 'tus-js-client';
import { messageOf, Transient } from '@coldroom/domain';
import type { LocalPath } from '../local-path';
import type { Gate } from '../watch/gate';
import { failureOf } from './server';

export interface FileToSend {
  readonly at: LocalPath;
  readonly size: bigint;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request has so many bytes at most: servers in front of the console may keep a request whole before they pass it on. */
const chunkBytes = 64 * 1024 * 1024;
const stallMs = 120_000;
const lookMs = 500;

/**
 * Sends what the server does not have of a file. What arrived stays there: the next call sends the rest. `Transient`
 * `UPLOAD_INTERRUPTED`, and what the server says. That this returns proves nothing: the server is asked to compare the file.
 */
export async function sendFile({ at, size, url, headers }: FileToSend, gate: Gate, signal: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let lastMove = Date.now();
  // Without an address where uploads are made, the client never begins a second one when the server fails for a while.
  const upload = new Upload(at as unknown as Readable, {
    uploadUrl: url,
    headers: { ...headers },
    chunkSize: chunkBytes,
    retryDelays: null as unknown as number[],
    storeFingerprintForResuming: false,
    fileReader: readerOf(at, Number(size), gate, () => (lastMove = Date.now()), ended.reject),
    onSuccess: () => ended.resolve(),
    onError: (error) => ended.reject(meaning(error)),
  });
  const watch = setInterval(() => {
    const why = signal.aborted
      ? 'it was stopped'
      : (gate.why() ?? (Date.now() - lastMove > stallMs ? 'nothing moves' : undefined));
    if (why !== undefined) ended.reject(new Transient('UPLOAD_INTERRUPTED', `The upload was interrupted: ${why}.`));
  }, lookMs);
  upload.start();
  try {
    await ended.promise;
  } finally {
    clearInterval(watch);
    await upload.abort(false).catch(() => undefined); // it has ended, or is cut off
  }
}

function meaning(error: Error | DetailedError): Error {
  const answer = 'originalResponse' in error ? error.originalResponse : null;
  if (answer) {
    const failure = failureOf(answer.getStatus(), answer.getBody());
    return new Transient(failure.code, failure.message);
  }
  return new Transient('UPLOAD_INTERRUPTED', `The upload was interrupted: ${messageOf(error)}`, {}, { cause: error });
}

function readerOf(
  at: LocalPath,
  size: number,
  gate: Gate,
  moved: () => void,
  failed: (error: unknown) => void,
): FileReader {
  const streams = new Set<Readable>();
  const source: FileSource = {
    size,
    slice: async (start, end) => {
      const last = Math.min(end, size);
      const read = createReadStream(at, { start, end: last - 1, highWaterMark: 1 << 18 });
      const paced = read.pipe(pacing(gate, moved));
      read.once('error', (error) =>
        failed(new Transient('UPLOAD_INTERRUPTED', messageOf(error), {}, { cause: error })),
      );
      paced.once('error', failed);
      streams.add(read);
      return { value: Object.assign(paced, { size: last - start }) as unknown as Blob, done: last >= size };
    },
    close: () => {
      for (const stream of streams) stream.destroy();
    },
  };
  return { openFile: async () => source };
}

/** Passes bytes on no faster than the gate allows. */
function pacing(gate: Gate, moved: () => void): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      moved();
      const rate = gate.rate();
      const waitMs = rate === undefined ? 0 : (piece.length / rate) * 1000;
      if (waitMs < 1) done(null, piece);
      else void sleep(waitMs).then(() => done(null, piece));
    },
  });
}
