import { isUtf8 } from 'node:buffer';
import type { Imports, ImportSource } from '@coldroom/buffers';
import { Refused } from '@coldroom/domain';
import { displayPath, filesBelow, identify, openDirectory, type FileType } from '@coldroom/files';
import type { ImportPreview, PreviewFault, PreviewFileset } from '@coldroom/register';
import { listFilesets } from './omero/list';
import type { OmeroSettings } from './omero/omero-command';

/** Their names are in memory while a preview is made. */
const mostFiles = 200_000;
const filesetsKept = 1000;
const faultsKept = 1000;

/** Names that OMERO's importer can print in a list: see `pathLines`. */
const isPrintable = (path: Buffer): boolean => isUtf8(path) && !/[\n\r]/.test(path.toString());

/**
 * How OMERO's importer would group the files of a source. Nothing is changed, and nothing is read but by the importer. Where
 * a name cannot be imported, the files are not grouped. `Refused` as `Imports.resolveSource` and `listFilesets`, and
 * `IMPORT_PREVIEW_TOO_LARGE`.
 */
export async function previewSource(
  imports: Imports,
  settings: OmeroSettings,
  path: Buffer,
  { depth, signal }: { readonly depth: number; readonly signal: AbortSignal },
): Promise<ImportPreview> {
  const source = await imports.resolveSource(path, '', true);
  const faults = new Faults(source);
  const open = new Set<string>();
  let [files, bytes, isGrouped] = [0, 0n, true];
  for await (const file of filesOf(imports, source)) {
    signal.throwIfAborted();
    if ((files += 1) > mostFiles) throw tooLarge(source);
    bytes += file.size;
    if (file.kind !== 'file') faults.add(file.path, 'NOT_A_REGULAR_FILE');
    else if (isPrintable(file.path)) open.add(file.path.toString());
    else {
      faults.add(file.path, 'IMPORT_NAME_NOT_POSSIBLE');
      isGrouped = false;
    }
  }
  const filesets: PreviewFileset[] = [];
  let filesetCount = 0;
  if (isGrouped) {
    const known = new Set(open);
    const each = ({ reader, paths }: { readonly reader: string; readonly paths: readonly string[] }): void => {
      filesetCount += 1;
      for (const listed of paths) open.delete(listed);
      if (filesets.length < filesetsKept)
        filesets.push({ reader, files: paths.length, name: faults.nameOf(Buffer.from(paths[0] ?? '')) });
    };
    await listFilesets(settings, { paths: [source.path], depth, isKnown: (name) => known.has(name), each, signal });
    for (const name of open) faults.add(Buffer.from(name), 'IMPORT_LEFT_OUT');
  }
  return { files, bytes, filesetCount, filesets, refusedCount: faults.count, refused: faults.kept };
}

interface SourceFile {
  /** Absolute. */
  readonly path: Buffer;
  readonly size: bigint;
  readonly kind: FileType;
}

/** Walked from the marked root on, never through a link. */
async function* filesOf(imports: Imports, { buffer, path, below, kind }: ImportSource): AsyncGenerator<SourceFile> {
  const root = await imports.root(buffer);
  if (kind === 'directory') {
    for await (const file of filesBelow(await openDirectory(root, below), Buffer.concat([path, Buffer.from('/')])))
      yield file;
    return;
  }
  const identity = await identify(path);
  if (identity) yield { path, size: identity.size, kind: 'file' };
}

class Faults {
  count = 0;
  readonly kept: PreviewFault[] = [];

  constructor(private readonly source: ImportSource) {}

  add(path: Buffer, code: string): void {
    this.count += 1;
    if (this.kept.length < faultsKept) this.kept.push({ name: this.nameOf(path), code });
  }

  /** Below the source, or the name of the source itself. */
  nameOf(path: Buffer): string {
    const { path: source, kind } = this.source;
    return displayPath(path.subarray(kind === 'directory' ? source.length + 1 : source.lastIndexOf(0x2f) + 1));
  }
}

const tooLarge = ({ display }: ImportSource): Refused =>
  new Refused(
    'IMPORT_PREVIEW_TOO_LARGE',
    `${display} has more than ${mostFiles} files: they are not shown before the import. Order parts of it, or order it without a look.`,
  );
