import type { VNode } from 'preact';
import type { Review } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { FilesetName } from '../layout/parts';
import { Rows } from '../layout/rows';

/** The form that approves; the checkboxes belong to it wherever they are on the page. */
export const approveForm = 'approve';

/** Whether the visitor decides each fileset on its own: all of them are on the page. */
export const isChoosing = ({ permitted, taken, filesets }: Review): boolean =>
  permitted.includes('approve') && filesets.length > 1 && filesets.length === taken.filesets;

const columns = [
  { title: 'Fileset' },
  { title: 'Marked', number: true },
  { title: 'Along', number: true },
  { title: 'Files', number: true },
  { title: 'Size', number: true },
];

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
      <Rows
        label="Filesets"
        columns={columns}
        rows={filesets.map(({ fileset, name, images, marked, files, bytes }) => ({
          key: fileset,
          cells: [
            <>
              {choosing && <Tick fileset={fileset} name={name} />}{' '}
              <FilesetName fileset={fileset} name={name} images={images} />
            </>,
            formatCount(marked),
            images > marked ? formatCount(images - marked) : 'none',
            formatCount(files),
            formatBytes(bytes),
          ],
        }))}
      />
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
