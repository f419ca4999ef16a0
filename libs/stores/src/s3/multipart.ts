import type { Bucket } from './bucket';
import { encoded } from './client';
import { S3Failure, isAbsent, requestFailed } from './failures';
import { elementsOf, escaped, textOf } from './xml';

/** Uploads in parts (S3 API, multipart upload). Failures as `requestFailed` reports them. */

export interface Part {
  readonly part: number;
  readonly etag: string;
}

export interface StoredPart extends Part {
  readonly size: string;
}

/** Its id. */
export async function startUpload(
  { client }: Bucket,
  key: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const { body } = await client.sendAndRead({ method: 'POST', key, query: 'uploads', headers });
  const id = textOf(body.toString(), 'UploadId');
  if (!id) throw requestFailed(new S3Failure(500, 'an upload without an id'), client.store);
  return id;
}

/** The server checks it against the SHA-256, in hex. */
export async function putPart(
  { client }: Bucket,
  { key, uploadId, part }: { readonly key: string; readonly uploadId: string; readonly part: number },
  body: Buffer,
  sha256: string,
): Promise<Part> {
  const { headers } = await client.sendAndRead({
    method: 'PUT',
    key,
    query: `partNumber=${part}&uploadId=${encoded(uploadId)}`,
    body,
    sha256,
  });
  return { part, etag: bare(headers.etag) };
}

/** `S3Failure` 404 if the upload has ended or never existed. */
export async function partsOf({ client }: Bucket, key: string, uploadId: string): Promise<readonly StoredPart[]> {
  const found: StoredPart[] = [];
  for (let marker = ''; ;) {
    const { body } = await client.page(`max-parts=1000&uploadId=${encoded(uploadId)}${marker}`, key);
    for (const each of elementsOf(body, 'Part'))
      found.push({
        part: Number(textOf(each, 'PartNumber')),
        etag: bare(textOf(each, 'ETag')),
        size: textOf(each, 'Size') ?? '',
      });
    if (textOf(body, 'IsTruncated') !== 'true') return found;
    marker = `&part-number-marker=${Number(textOf(body, 'NextPartNumberMarker'))}`;
  }
}

/** Makes an object of the parts; it must not exist yet. */
export async function completeUpload(
  { client }: Bucket,
  key: string,
  uploadId: string,
  parts: readonly Part[],
): Promise<void> {
  const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts
    .map(({ part, etag }) => `<Part><PartNumber>${part}</PartNumber><ETag>${escaped(`"${etag}"`)}</ETag></Part>`)
    .join('')}</CompleteMultipartUpload>`;
  const { body } = await client.sendAndRead({
    method: 'POST',
    key,
    query: `uploadId=${encoded(uploadId)}`,
    body: Buffer.from(xml),
    headers: { 'if-none-match': '*' },
  });
  const [error] = elementsOf(body.toString(), 'Error'); // S3 may detect an error after it has answered 200
  if (error !== undefined)
    throw requestFailed(new S3Failure(500, textOf(error, 'Code') ?? 'without a code'), client.store);
}

/** One that is already gone counts as aborted. */
export async function abortUpload({ client }: Bucket, key: string, uploadId: string): Promise<void> {
  try {
    await client.sendAndRead({ method: 'DELETE', key, query: `uploadId=${encoded(uploadId)}` });
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Unfinished uploads of keys with this prefix. */
export async function uploadsBelow(
  { client }: Bucket,
  prefix: string,
): Promise<readonly { readonly key: string; readonly uploadId: string }[]> {
  const found: { readonly key: string; readonly uploadId: string }[] = [];
  for (let marker = ''; ;) {
    const { body, decoded } = await client.page(`uploads&encoding-type=url&prefix=${encoded(prefix)}${marker}`);
    for (const each of elementsOf(body, 'Upload'))
      found.push({ key: decoded(textOf(each, 'Key') ?? ''), uploadId: textOf(each, 'UploadId') ?? '' });
    if (textOf(body, 'IsTruncated') !== 'true') return found;
    marker = `&key-marker=${encoded(decoded(textOf(body, 'NextKeyMarker') ?? ''))}&upload-id-marker=${encoded(textOf(body, 'NextUploadIdMarker') ?? '')}`;
  }
}

function bare(etag: string | undefined): string {
  return (etag ?? '').replace(/^"|"$/g, '');
}
