import type { ComponentChildren, VNode } from 'preact';

export interface Column {
  readonly title: string;
  /** Set to the right; on a phone, its title is beside it. */
  readonly number?: boolean;
  readonly class?: string;
}

interface Props {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[];
  /** The columns keep their widths, whatever is in them. */
  readonly fixed?: boolean;
}

/**
 * A table that becomes a block for each row on a phone. Roles are named, as some browsers forget those of a table that is
 * laid out so.
 */
export function Rows({ label, columns, rows, fixed = false }: Props): VNode {
  return (
    <table class={fixed ? 'rows fixed' : 'rows'} role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th role="columnheader" class={column.number ? 'n' : column.class}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map(({ key, cells }) => (
          <tr role="row" key={key}>
            {columns.map(({ title, number }, at) => (
              <td role="cell" class={number ? 'n' : undefined} data-name={number ? title : undefined}>
                {cells[at]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
