import type { VNode } from 'preact';
import type { FilesetContent } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { FilesetName } from '../layout/parts';
import { Rows } from '../layout/rows';

interface Props {
  readonly title: string;
  readonly filesets: readonly FilesetContent[];
}

const columns = [
  { title: 'Fileset' },
  { title: 'Images', number: true },
  { title: 'Files', number: true },
  { title: 'Size', number: true },
];

/** Filesets with everything that belongs to them. */
export function FilesetsTable({ title, filesets }: Props): VNode | null {
  if (filesets.length === 0) return null;
  return (
    <section class="card">
      <h2>{title}</h2>
      <Rows
        label={title}
        columns={columns}
        rows={filesets.map(({ requestId, fileset, name, images, files, bytes }) => ({
          key: `${requestId} ${fileset}`,
          cells: [
            <FilesetName fileset={fileset} name={name ?? fileset} images={images} />,
            formatCount(images),
            formatCount(files),
            formatBytes(bytes),
          ],
        }))}
      />
      {filesets.length === 20 && <p class="small muted">The first 20 are shown.</p>}
    </section>
  );
}
