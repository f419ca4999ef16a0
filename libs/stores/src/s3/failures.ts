import { Refused, Transient, codeOf, messageOf, type ColdroomError } from '@coldroom/domain';
import { EndOfBatch } from '@coldroom/files';
import { AddressNotAllowed } from '../forbidden-address';

/**
 * A request that the server answered with an error. Of its text only the code is kept: the rest may quote signed
 * content.
 */
export class S3Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`the server answered ${status} ${code}`);
  }
}

/** The server cannot keep an object under this key. */
const nameRefused = new Set([
  'XMinioInvalidObjectName',
  'XMinioInvalidResourceName',
  'XMinioParentIsObject',
  'XMinioObjectExistsAsDirectory',
  'InvalidObjectName',
]);

/** Answers about one object: the caller that requested it knows what they mean. */
const ofOneObject = (failure: S3Failure): boolean =>
  (failure.status === 404 && failure.code !== 'NoSuchBucket') ||
  [409, 412, 416].includes(failure.status) ||
  nameRefused.has(failure.code) ||
  ['InvalidObjectState', 'KeyTooLongError', 'EntityTooLarge', 'InvalidURI', 'InvalidArgument'].includes(failure.code);

const full = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'StorageFull', 'TooManyObjects']);
const busy = new Set([
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'TooManyRequests',
  'RequestLimitExceeded',
  'ThrottlingException',
  'Throttling',
  'BandwidthLimitExceeded',
]);

/**
 * What a failed request means: an `S3Failure` if it concerns one object, else an `EndOfBatch` with `Transient`
 * `STORE_UNAVAILABLE`, `STORE_BUSY`, `STORE_DENIED`, `STORE_FULL` or `STORE_FAILED`, which concern every object.
 */
export function requestFailed(error: unknown, store: string): S3Failure | EndOfBatch {
  if (error instanceof EndOfBatch) return error;
  if (error instanceof S3Failure) return ofOneObject(error) ? error : new EndOfBatch(answered(error, store));
  const code = codeOf(error);
  if (error instanceof AddressNotAllowed) return new EndOfBatch(endpointNotAllowed(store, error.address));
  const tls = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(code);
  const reason = tls
    ? `its certificate is not trusted or TLS failed (${code}); set caFile if it is of your own authority`
    : `${code}: ${messageOf(error)}`;
  return new EndOfBatch(
    new Transient(
      'STORE_UNAVAILABLE',
      `The store ${store} cannot be reached: ${reason}.`,
      { store, code },
      { cause: error },
    ),
  );
}

export function endpointNotAllowed(store: string, address: string): Refused {
  return new Refused(
    'STORE_ENDPOINT_NOT_ALLOWED',
    `The endpoint of the store ${store} leads to ${address}, a link-local or metadata address; no S3 server is there.`,
    { store },
  );
}

function answered({ status, code, message }: S3Failure, store: string): Transient {
  const details = { store, status, code };
  const is = (kind: string, text: string): Transient =>
    new Transient(kind, `The store ${store}: ${message}. ${text}`, details);
  if (code === 'RequestTimeTooSkewed')
    return is(
      'STORE_DENIED',
      "This machine's clock and the server's differ by more than 15 minutes; set the clock right (NTP).",
    );
  if (full.has(code) || status === 507) return is('STORE_FULL', 'Make room, or raise the quota.');
  if (busy.has(code) || status === 429)
    return is('STORE_BUSY', 'It asks for fewer requests; lower requestsInParallel if this lasts.');
  if (code === 'NoSuchBucket')
    return is('STORE_UNAVAILABLE', 'There is no such bucket; make it, or correct the settings.');
  if (status === 401 || status === 403)
    return is('STORE_DENIED', 'Look at the keys and at the rights of their account on bucket and prefix.');
  if (status >= 500) return is('STORE_UNAVAILABLE', "It is in trouble; look into the server's log.");
  if (status >= 300 && status < 400)
    return is('STORE_UNAVAILABLE', 'Redirects are not followed; set endpoint and region to where the bucket is.');
  return is('STORE_FAILED', "This was not expected; look up the code in the server's documentation.");
}

/** What an answer about one object means if nothing better is known. */
export function objectFailed(failure: S3Failure, what: string): ColdroomError {
  const details = { code: failure.code, status: failure.status };
  if (failure.code === 'KeyTooLongError')
    return new Refused('PATH_TOO_LONG', `The store cannot hold a name as long as that of "${what}".`, details);
  if (nameRefused.has(failure.code))
    return new Refused('NAME_NOT_KEPT', `The store cannot hold the name of "${what}": ${failure.message}.`, details);
  if (failure.code === 'EntityTooLarge')
    return new Refused('FILE_TOO_LARGE', `"${what}" is larger than the store allows.`, details);
  return new Transient('STORE_FAILED', `Of "${what}", ${failure.message}.`, details);
}

export const isAbsent = (error: unknown): boolean => error instanceof S3Failure && error.status === 404;
