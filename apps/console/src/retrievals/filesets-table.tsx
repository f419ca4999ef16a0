import type { VNode } from 'preact';
import type { FilesetContent } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';

interface Props {
  readonly title: string;
  readonly filesets: readonly FilesetContent[];
}

/** Filesets with everything that belongs to them. */
export function FilesetsTable({ title, filesets }: Props): VNode | null {
  if (filesets.length === 0) return null;
  return (
    <section class="card">
      <h2>{title}</h2>
      <table class="rows" role="table" aria-label={title}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader">Fileset</th>
            <th role="columnheader" class="n">
              Images
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
          {filesets.map(({ requestId, fileset, name, images, files, bytes }) => (
            <tr role="row" key={`${requestId} ${fileset}`}>
              <td role="cell">
                <span class="name">{name ?? fileset}</span>{' '}
                <span class="muted">
                  {images > 1 && `and ${counted(images - 1, 'more image')}, `}
                  <span class="nobreak">{fileset}</span>
                </span>
              </td>
              <td role="cell" class="n" data-name="Images">
                {formatCount(images)}
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
      {filesets.length === 20 && <p class="small muted">The first 20 are shown.</p>}
    </section>
  );
}
