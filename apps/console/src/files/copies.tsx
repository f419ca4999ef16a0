import type { VNode } from 'preact';
import type { CopyRead } from '@coldroom/domain';
import type { CopyRecord, FileRecord } from '@coldroom/register';
import { When } from '../layout/parts';

const reads: Readonly<Record<CopyRead, string>> = {
  direct: 'read back from the disk itself, past the cache',
  dropped: 'read back after the cache was cleared of it',
  cached: 'read back, perhaps from a cache: this file system allows nothing better',
  remote: 'read back from the store',
  attested: 'not read back: the store gave its own digest',
};

/** The copies that count, and how each was proven to be the original. */
export function Copies({ file }: { readonly file: FileRecord }): VNode {
  return (
    <section class="card">
      <h2>Copies</h2>
      {file.copies.length === 0 && <p>No copy of it counts.</p>}
      <ul class="causes">
        {file.copies.map((copy) => (
          <Copy file={file} copy={copy} />
        ))}
      </ul>
    </section>
  );
}

function Copy({ file, copy }: { readonly file: FileRecord; readonly copy: CopyRecord }): VNode {
  const how = reads[copy.read as CopyRead];
  return (
    <li>
      <p>
        <strong>Store {copy.store}</strong>
        {how === undefined ? ', not compared yet' : `, ${how}`}.{' '}
        {copy.checkedAt !== null && (
          <>
            Last compared <When at={copy.checkedAt} />.
          </>
        )}
      </p>
      {copy.fault !== null && (
        <p class="alert" role="alert">
          The last check found it damaged: {copy.fault}
        </p>
      )}
      {file.bag !== null && <p class="path muted">{`${file.bag}/data/${file.root}/${file.path}`}</p>}
      {copy.digest !== null && <p class="path muted">{copy.digest}</p>}
    </li>
  );
}

/** What the original was when it was hashed. */
export function Digests({ file }: { readonly file: FileRecord }): VNode | null {
  const digests = Object.entries(file.digests);
  const { omeroHash } = file;
  if (digests.length === 0 && !omeroHash) return null;
  return (
    <section class="card">
      <h2>Digests</h2>
      <dl class="digests">
        {digests.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd class="path">{value}</dd>
          </div>
        ))}
        {omeroHash && (
          <div>
            <dt>OMERO, at import ({omeroHash.algorithm})</dt>
            <dd class="path">{omeroHash.value}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}
