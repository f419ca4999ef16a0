import { lookup as resolveName, type LookupAddress, type LookupOptions } from 'node:dns';
import { Agent as PlainAgent, request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { BlockList, isIPv6 } from 'node:net';
import type { Connection } from './connection';
import { S3Failure } from './failures';
import { textOf } from './xml';

const errorLimit = 64 * 1024;
/** Free connections are closed before a server's own patience ends, so that no request meets one that is just being closed. */
const idleMilliseconds = 4_000;
const timedOut = 'ETIMEDOUT';

const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16);
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');

/** Where clouds keep their metadata, and with it the keys of the machine: never an S3 server, whatever the settings or DNS say. */
export function isForbidden(address: string): boolean {
  return forbidden.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

function guardedLookup(host: string, options: LookupOptions, found: Found): void {
  resolveName(host, { ...options, all: true }, (error, addresses) => {
    const refused = error ? undefined : addresses.find(({ address }) => isForbidden(address));
    const first = addresses?.[0];
    if (error) found(error, []);
    else if (refused || !first) found(Object.assign(new Error(refused?.address ?? 'no address'), { code: refused ? 'ENDPOINT_NOT_ALLOWED' : 'ENOTFOUND' }), []);
    else if (options.all) found(null, addresses);
    else found(null, first.address, first.family);
  });
}

export function agentOf({ secure, ca, requestsInParallel }: Connection): PlainAgent {
  const options = { keepAlive: true, maxSockets: requestsInParallel, timeout: idleMilliseconds, lookup: guardedLookup as never };
  return secure ? new SecureAgent({ ...options, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }) : new PlainAgent(options);
}

/**
 * `http.request` for the client, with what it lacks: an end to silence, and every answer that is no success told as an `S3Failure`
 * (the client drops what a 5xx says, and leaves its connection hanging). Redirects are such an answer too: never followed.
 */
export function requester({ secure, silenceMilliseconds }: Connection): (options: RequestOptions, take: (response: IncomingMessage) => void) => ClientRequest {
  const start = secure ? secureRequest : plainRequest;
  return (options, take) => {
    const request = start({ ...options, timeout: silenceMilliseconds }, (response) => {
      if (response.statusCode! < 300) take(response);
      else void failureIn(response).then((failure) => request.emit('error', failure), (error: unknown) => request.emit('error', error));
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error(`nothing was heard for ${silenceMilliseconds / 1000} s`), { code: timedOut })));
    return request;
  };
}

async function failureIn(response: IncomingMessage): Promise<S3Failure> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (length < errorLimit) pieces.push(piece);
    length += piece.length;
  }
  return new S3Failure(response.statusCode!, textOf(Buffer.concat(pieces).toString(), 'Code')?.slice(0, 100) ?? 'without a code');
}
