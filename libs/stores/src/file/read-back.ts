import { Refused, type ColdroomError, type CopyDigest, type Outcome } from '@coldroom/domain';
import type { Hashed } from '@coldroom/files';
import { versionOf } from './version';

/** What reading a file says of the copy that it is. */
export function copyDigest(outcome: Outcome<Hashed>): Outcome<CopyDigest> {
  if ('error' in outcome) return { error: ofCopy(outcome.error) };
  const { digests, identity, read } = outcome.ok;
  return { ok: { digests, size: identity.size, read, version: versionOf(identity) } };
}

/** Read errors, as errors of a copy. */
export function ofCopy(error: ColdroomError): ColdroomError {
  const code = { SOURCE_MISSING: 'COPY_MISSING', SOURCE_CHANGED: 'COPY_CHANGED' }[error.code];
  return code ? new Refused(code, `In the store: ${error.message}`, error.details, { cause: error }) : error;
}
