import type { Register, SelectedFiles, Target } from '@coldroom/register';
import { notFound } from './failure';

type SelectedWith = Parameters<Register['reports']['selected']>[1];

/** Counts the files that targets name; `NO_SUCH_TARGET` if the register does not know one of the targets. */
export async function selectedFiles(
  register: Register,
  targets: readonly Target[],
  including: SelectedWith,
): Promise<readonly SelectedFiles[]> {
  const unknown: string[] = [];
  for (const target of targets) unknown.push(...(await register.reports.unknown(target)));
  if (unknown.length > 0) {
    throw notFound(
      `${unknown.join(' ')} in the register`,
      'NO_SUCH_TARGET',
      '"coldroom requests list" and "coldroom files list" show what there is',
    );
  }
  const found: SelectedFiles[] = [];
  for (const target of targets) found.push(...(await register.reports.selected(target, including)));
  return found;
}

export interface Amount {
  readonly files: number;
  readonly bytes: bigint;
}

export function amount<T extends Amount>(rows: readonly T[], which: (row: T) => boolean = () => true): Amount {
  const chosen = rows.filter(which);
  return {
    files: chosen.reduce((sum, row) => sum + row.files, 0),
    bytes: chosen.reduce((sum, row) => sum + row.bytes, 0n),
  };
}

export type ByCode = Amount & { readonly code: string };

/** Files and bytes by code, for stuck rows. */
export function byCode(rows: readonly (Amount & { readonly code: string | null })[]): readonly ByCode[] {
  return [...Map.groupBy(rows, (row) => row.code ?? 'UNKNOWN')].map(([code, group]) => ({ code, ...amount(group) }));
}
