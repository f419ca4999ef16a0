import type { IncomingHttpHeaders } from 'node:http';
import { elementsOf, textOf } from './xml';

/** What a bucket reports of an object without sending it, or along with it. */
export interface ObjectHead {
  readonly size: bigint;
  /** Changes with every put of the object, and with nothing else. */
  readonly version: string;
  /** `source` as it was given to `putNew`. */
  readonly source: string | undefined;
  readonly storageClass: string;
  /** `x-amz-archive-status`: for objects in the archive tiers of INTELLIGENT_TIERING. */
  readonly archiveStatus: string | undefined;
  readonly restore: string | undefined;
  readonly replication: string | undefined;
  /** Of the whole object, in hex, if the server keeps one. */
  readonly sha256: string | undefined;
  /** By the server's clock: how long ago the object was put, in milliseconds; NaN if it does not report it. */
  readonly age: number;
}

/** What a listing reports of an object. */
export interface Listed {
  readonly key: string;
  readonly size: bigint;
  /** As in `ObjectHead` for an object without versions: a listing shows no version id. */
  readonly version: string;
  /** It was sent in parts: for such objects, listings and heads of some servers differ in date and ETag. */
  readonly ofParts: boolean;
  readonly modified: number;
  /** Undefined if the server does not report it. */
  readonly storageClass: string | undefined;
}

export const sourceHeader = 'x-amz-meta-coldroom-source';

export function headOf(headers: IncomingHttpHeaders): ObjectHead {
  const word = (name: string): string | undefined => headers[name]?.toString();
  const size = BigInt(word('content-length') ?? '-1');
  const modified = Date.parse(word('last-modified') ?? '');
  const whole = word('x-amz-checksum-type') === 'FULL_OBJECT' ? word('x-amz-checksum-sha256') : undefined;
  return {
    size,
    version: versionOf({ etag: word('etag') ?? '', versionId: word('x-amz-version-id') ?? 'null', modified, size }),
    source: word(sourceHeader),
    storageClass: word('x-amz-storage-class') ?? 'STANDARD',
    archiveStatus: word('x-amz-archive-status'),
    restore: word('x-amz-restore'),
    replication: word('x-amz-replication-status'),
    sha256: whole === undefined ? undefined : Buffer.from(whole, 'base64').toString('hex'),
    age: Date.parse(word('date') ?? '') - modified,
  };
}

/** The objects of one page of a listing (S3 API, ListObjectsV2). */
export function listedIn(page: string, decoded: (name: string) => string): readonly Listed[] {
  return elementsOf(page, 'Contents').map((each) => {
    const [etag, size, modified] = [
      textOf(each, 'ETag') ?? '',
      BigInt(textOf(each, 'Size') ?? '0'),
      Date.parse(textOf(each, 'LastModified') ?? ''),
    ];
    return {
      key: decoded(textOf(each, 'Key') ?? ''),
      size,
      modified,
      version: versionOf({ etag, versionId: 'null', modified, size }),
      ofParts: etag.includes('-'),
      storageClass: textOf(each, 'StorageClass'),
    };
  });
}

/** The same from a head and from a listing: a head gives the date to the second only. */
function versionOf({
  etag,
  versionId,
  modified,
  size,
}: {
  readonly etag: string;
  readonly versionId: string;
  readonly modified: number;
  readonly size: bigint;
}): string {
  const date = Number.isNaN(modified) ? '' : new Date(modified).toUTCString();
  return `${etag.replace(/^"|"$/g, '')}:${versionId}:${date}:${size}`;
}
