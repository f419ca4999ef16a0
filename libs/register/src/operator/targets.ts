/** What a person names: whole requests, images, filesets or single files. */
export type Target =
  | { readonly kind: 'Request' | 'Image' | 'File'; readonly ids: readonly bigint[] }
  | { readonly kind: 'Fileset'; readonly names: readonly string[] };

/** Whole filesets: those of a target, chosen ones of certain requests only, or those of a retrieval. */
export type FilesetTarget =
  | Target
  | { readonly kind: 'Part'; readonly parts: readonly RequestPart[] }
  | { readonly kind: 'Retrieval'; readonly ids: readonly bigint[] };

/** A fileset of one request; others may have files of the same fileset. */
export interface RequestPart {
  readonly requestId: bigint;
  readonly fileset: string;
}

/** A condition on `file f` in which $1 is what was named. */
export interface Selection {
  readonly files: string;
  readonly named: readonly bigint[] | readonly string[];
}

export function filesetsOf(target: FilesetTarget): Selection {
  const files = {
    Request: 'f.request_id = ANY($1)',
    Image: '(f.request_id, f.fileset) IN (SELECT request_id, fileset FROM request_image WHERE image_id = ANY($1))',
    Fileset:
      '(f.request_id, f.fileset) IN (SELECT request.id, named FROM request CROSS JOIN unnest($1::text[]) AS named)',
    File: '(f.request_id, f.fileset) IN (SELECT request_id, fileset FROM file WHERE id = ANY($1))',
    Part: `(f.request_id, f.fileset) IN (SELECT split_part(part, ' ', 1)::bigint, substr(part, strpos(part, ' ') + 1) FROM unnest($1::text[]) AS part)`,
    Retrieval: '(f.request_id, f.fileset) IN (SELECT request_id, fileset FROM file WHERE retrieval_event = ANY($1))',
  }[target.kind];
  if (target.kind === 'Part')
    return { files, named: target.parts.map(({ requestId, fileset }) => `${requestId} ${fileset}`) };
  return { files, named: target.kind === 'Fileset' ? target.names : target.ids };
}

/** Its stuck files: a named file is meant alone, without its fileset. */
export function stuckOf(target: Target): Selection {
  const { files, named } = filesetsOf(target);
  return { files: `f.stuck_from IS NOT NULL AND ${target.kind === 'File' ? 'f.id = ANY($1)' : files}`, named };
}

/** Files `f` that a target names. */
export const namedBy: Readonly<Record<Target['kind'], string>> = {
  Request: 'f.request_id = ANY($1)',
  Image: '(f.request_id, f.fileset) IN (SELECT request_id, fileset FROM request_image WHERE image_id = ANY($1))',
  Fileset: 'f.fileset = ANY($1)',
  File: 'f.id = ANY($1)',
};

/** Finds `value`, an id or name of a target, in the register. */
export const knownBy: Readonly<Record<Target['kind'], string>> = {
  Request: 'SELECT FROM request WHERE request.id = value',
  Image: 'SELECT FROM request_image WHERE image_id = value',
  Fileset: 'SELECT FROM file WHERE fileset = value',
  File: 'SELECT FROM file WHERE file.id = value',
};

export function valuesOf(target: Target): readonly (bigint | string)[] {
  return target.kind === 'Fileset' ? target.names : target.ids;
}
