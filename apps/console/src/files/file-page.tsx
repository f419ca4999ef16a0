import type { VNode } from 'preact';
import { stayOf, type FileHistory, type Stay } from '@coldroom/operations';
import type { FileRecord } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { Day, Fact, When } from '../layout/parts';
import { Copies, Digests } from './copies';
import { fileSentence } from './file-sentence';
import { StayBadge } from './stay';

interface Props extends Frame {
  readonly history: FileHistory;
}

export function FilePage({ history, ...frame }: Props): VNode {
  const { file, permitted } = history;
  const stay = stayOf[file.state];
  const name = file.path.split('/').at(-1) ?? file.path;
  const retrievable = permitted.includes('retrieve') && (stay === 'archived' || stay === 'online');
  return (
    <Page {...frame} section="files" title={name}>
      <div class="heading">
        <p class="small muted">
          <a href={frame.site.href('/files')}>Files</a> / {String(file.id)}
        </p>
        <div class="title">
          <h1 class="name">{name}</h1>
          <StayBadge stay={stay} />
        </div>
        <p class="lead">{meanings[stay](file)}</p>
        {retrievable && (
          <p>
            <a class="button" href={frame.site.href(`/ask-back?what=${file.fileset}`)}>
              Bring back…
            </a>
          </p>
        )}
      </div>
      <div class="cols">
        <div class="stack">
          <Help history={history} />
          <Facts {...frame} file={file} />
          <Copies file={file} />
          <Digests file={file} />
        </div>
        <aside aria-label="History">
          <History history={history} />
        </aside>
      </div>
    </Page>
  );
}

const meanings: Readonly<Record<Stay, (file: FileRecord) => string>> = {
  waiting: () => 'Its request waits for a decision. Nothing has been touched.',
  copying: () => 'It is being copied and compared. OMERO works as always.',
  copied: () => 'Its copy is safe. A link replaces the original when its whole fileset is ready.',
  archived: ({ released }) =>
    `It is safe in the archive. ${released ? 'OMERO has a link to the copy.' : 'OMERO has a link to the copy, and the original is still kept.'}`,
  returning: () => 'It is being brought back into OMERO.',
  online: () => 'It is safe in the archive, and can be opened in OMERO for some days.',
  back: () => 'It is in OMERO, as it was before.',
  stuck: () => 'It cannot go on: an administrator has to look.',
  untouched: ({ reason }) => `It is not archived.${reason === null ? '' : ` The reason: ${reason}`}`,
};

/** Why it is stuck, and what helps; the commands only for those who may use them. */
function Help({ history: { file, help } }: { readonly history: FileHistory }): VNode | null {
  if (!help) return null;
  return (
    <section class="card">
      <h2>What cannot go on</h2>
      <p class="code">{file.code}</p>
      <p class="reason">{file.reason ?? file.code}</p>
      <p class="small">
        <strong>What to do:</strong> {help.next}
      </p>
      {help.commands.length > 0 && <pre class="path">{help.commands.join('\n')}</pre>}
    </section>
  );
}

function Facts({ site, file }: Pick<Frame, 'site'> & { readonly file: FileRecord }): VNode {
  const { requestId, fileset, heldUntil, releasedAt, linkedAt, onlineUntil, retrieval } = file;
  return (
    <section class="card" aria-label="Facts">
      <p class="path">{`${file.root}/${file.path}`}</p>
      <dl class="facts">
        <Fact name="Size" value={formatBytes(file.size)} />
        <Fact name="Request" value={<a href={site.href(`/requests/${requestId}`)}>{String(requestId)}</a>} />
        <Fact name="Fileset" value={<a href={site.href(`/files?fileset=${fileset}`)}>{fileset}</a>} />
        {linkedAt !== null && <Fact name="Linked" value={<When at={linkedAt} />} />}
        {heldUntil !== null && <Fact name="Original kept until" value={<Day at={heldUntil} />} />}
        {releasedAt !== null && <Fact name="Original removed" value={<When at={releasedAt} />} />}
        {onlineUntil !== null && <Fact name="Available until" value={<Day at={onlineUntil} />} />}
        {retrieval !== null && (
          <Fact
            name="Retrieval"
            value={<a href={site.href(`/retrievals/${retrieval.id}`)}>{String(retrieval.id)}</a>}
          />
        )}
      </dl>
      <Images file={file} />
    </section>
  );
}

function Images({ file: { images, imageCount } }: { readonly file: FileRecord }): VNode | null {
  if (images.length === 0) return null;
  const more = imageCount - images.length;
  return (
    <p class="small muted name">
      {imageCount === 1 ? 'Image' : 'Images'}: {images.map(({ id, name }) => `${name} (${id})`).join(', ')}
      {more > 0 && `, and ${formatCount(more)} more`}
    </p>
  );
}

function History({ history: { events } }: { readonly history: FileHistory }): VNode {
  return (
    <section class="card">
      <h2>History</h2>
      <ol class="time">
        {events.map((event) => (
          <li>
            <span class="name">{fileSentence(event)}</span>{' '}
            <span class="muted">
              <When at={event.at} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
