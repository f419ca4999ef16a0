import type { VNode } from 'preact';
import type { Review } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';

/** The form that approves; the checkboxes belong to it wherever they are on the page. */
export const approveForm = 'approve';

/** Whether the visitor decides each fileset on its own: all of them are on the page. */
export const isChoosing = ({ permitted, taken, filesets }: Review): boolean =>
  permitted.includes('approve') && filesets.length > 1 && filesets.length === taken.filesets;

/** Enough to see what it is about. */
const some = 20;

/** The filesets that are archived, with the images that come along without a mark. */
export function Included({ review }: { readonly review: Review }): VNode | null {
  const { request, taken } = review;
  const choosing = isChoosing(review);
  const filesets = choosing ? review.filesets : review.filesets.slice(0, some);
  if (filesets.length === 0) return null;
  const along = taken.images - taken.marked;
  return (
    <section class="card">
      <h2>{request.state === 'Declined' ? 'What was asked for' : 'What is archived'}</h2>
      <p>
        {along === 0
          ? `${counted(taken.marked, 'image')}, all of them marked. No other image shares files with them.`
          : `${counted(taken.marked, 'image')} marked; ${formatCount(along)} more ${along === 1 ? 'comes' : 'come'} along, as a fileset is archived as a whole.`}
      </p>
      {choosing && (
        <p class="small muted">Filesets without a tick wait for a later decision, as a request of their own.</p>
      )}
      <table class="rows" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader">Fileset</th>
            <th role="columnheader" class="n">
              Marked
            </th>
            <th role="columnheader" class="n">
              Along
            </th>
            <th role="columnheader" class="n">
              Files
            </th>
            <th role="columnheader" class="n">
              Size
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {filesets.map(({ fileset, name, images, marked, files, bytes }) => (
            <tr role="row" key={fileset}>
              <td role="cell">
                {choosing && <Tick fileset={fileset} name={name} />}
                <span class="name">{name}</span>{' '}
                <span class="muted">
                  {images > 1 && `and ${counted(images - 1, 'more image')}, `}
                  <span class="nobreak">{fileset}</span>
                </span>
              </td>
              <td role="cell" class="n" data-name="Marked">
                {formatCount(marked)}
              </td>
              <td role="cell" class="n" data-name="Along">
                {images > marked ? formatCount(images - marked) : 'none'}
              </td>
              <td role="cell" class="n" data-name="Files">
                {formatCount(files)}
              </td>
              <td role="cell" class="n" data-name="Size">
                {formatBytes(bytes)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {taken.filesets > filesets.length && (
        <p class="small muted">and {counted(taken.filesets - filesets.length, 'more fileset')}</p>
      )}
    </section>
  );
}

function Tick({ fileset, name }: { readonly fileset: string; readonly name: string }): VNode {
  return (
    <input
      type="checkbox"
      name="filesets"
      value={fileset}
      form={approveForm}
      aria-label={`Approve ${name}, ${fileset}`}
      defaultChecked
    />
  );
}
