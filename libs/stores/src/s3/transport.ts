import type { ClientOptions } from 'minio';
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { guardedLookup } from '../forbidden-address';
import type { Connection } from './connection';
import { S3Failure } from './failures';
import { textOf } from './xml';

const errorLimit = 64 * 1024;
/**
 * Idle connections are closed before a server's own timeout, so that no request meets one that is just being closed.
 */
const idleMilliseconds = 4_000;
const timedOut = 'ETIMEDOUT';

export function agentOf({ secure, ca, requestsInParallel }: Connection): PlainAgent {
  const options = { keepAlive: true, maxSockets: requestsInParallel, timeout: idleMilliseconds, lookup: guardedLookup };
  return secure
    ? new SecureAgent({
        ...options,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca }),
      })
    : new PlainAgent(options);
}

/**
 * `http.request` for the MinIO client, with a limit on silence. Every answer other than success is reported as an
 * `S3Failure` and read to its end, so that its connection can be reused. Redirects are such answers too: never
 * followed.
 */
export function transportOf({ secure, silenceMilliseconds }: Connection): NonNullable<ClientOptions['transport']> {
  const start = secure ? secureRequest : plainRequest;
  const request = (options: RequestOptions, take: (response: IncomingMessage) => void): ClientRequest => {
    const sent = start({ ...options, timeout: silenceMilliseconds }, (response) => {
      if (response.statusCode! < 300) take(response);
      else
        void failureIn(response).then(
          (failure) => sent.emit('error', failure),
          (error: unknown) => sent.emit('error', error),
        );
    });
    sent.on('timeout', () =>
      sent.destroy(
        Object.assign(new Error(`nothing was heard for ${silenceMilliseconds / 1000} s`), { code: timedOut }),
      ),
    );
    return sent;
  };
  return { request: request as typeof plainRequest };
}

async function failureIn(response: IncomingMessage): Promise<S3Failure> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (length < errorLimit) pieces.push(piece);
    length += piece.length;
  }
  return new S3Failure(
    response.statusCode!,
    textOf(Buffer.concat(pieces).toString(), 'Code')?.slice(0, 100) ?? 'without a code',
  );
}
