import type { VNode } from 'preact';
import type { Review } from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';

/** The form that approves, which the checkboxes belong to wherever they are on the page. */
export const approveForm = 'approve';

/** The filesets of a request; with checkboxes for whoever may decide which of them are taken. */
export function Filesets({ review: { filesets, permitted } }: { readonly review: Review }): VNode | null {
  if (filesets.length < 2) return null;
  const isChoosing = permitted.includes('approve');
  return (
    <section class="card scroll">
      <h2>Filesets</h2>
      {isChoosing && <p class="small muted">Those without a tick are left for later, as a request of their own.</p>}
      <table>
        <thead>
          <tr>
            {isChoosing && <th>Take</th>}
            <th>Fileset</th>
            <th class="n">Images</th>
            <th class="n">Files</th>
            <th class="n">Size</th>
          </tr>
        </thead>
        <tbody>
          {filesets.map(({ fileset, name, images, markedImages, files, bytes }) => (
            <tr key={fileset}>
              {isChoosing && (
                <td>
                  <input
                    type="checkbox"
                    name="filesets"
                    value={fileset}
                    form={approveForm}
                    aria-label={`${name}, ${fileset}`}
                    defaultChecked
                  />
                </td>
              )}
              <td class="name">
                {name} <span class="small muted">{fileset}</span>
              </td>
              <td class="n">
                {formatCount(markedImages)} marked
                {images > markedImages ? `, ${formatCount(images - markedImages)} along` : ''}
              </td>
              <td class="n">{formatCount(files)}</td>
              <td class="n">{formatBytes(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
