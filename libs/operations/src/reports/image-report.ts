import type { FileListing } from '@coldroom/register';
import { notFound, UsageError } from '../failure';
import { copyOf } from '../files/show';
import type { Reviewer } from '../requests/review';
import { visibleTo } from '../rights/rights';
import { parseIds } from '../targets';
import { answersTo, type AnsweredFile, type AnsweredImage } from './image-answers';
import type { ReportRow, TableReport } from './table-report';
import { reportTables } from './tables';

const mostImages = 20;
const mostFiles = 1000;

/**
 * Everything about some images: what OMERO has, what is on disk and what the register knows of each file. `Refused`
 * `NO_SUCH_TARGET` for one that is in neither, or that the actor may not see.
 */
export async function imageReport(reviewer: Reviewer, objects: readonly string[]): Promise<TableReport> {
  const ids = parseIds(objects, 'Image');
  if (ids.length === 0) throw new UsageError('The report on an image needs its number, such as Image:7');
  if (ids.length > mostImages) throw new UsageError(`The report takes at most ${mostImages} images at once`);
  const answers = await answersTo(
    reviewer,
    ids.map((id) => ({ kind: 'Image', id })),
  );
  const notes: string[] = [];
  const rows: ReportRow[] = [];
  for (const id of ids) rows.push(...(await rowsOf(reviewer, id, answers.get(`Image:${id}`) ?? null, notes)));
  return {
    table: 'image',
    title: ids.map((id) => `Image:${id}`).join(' '),
    columns: reportTables.image,
    rows: (async function* files() {
      yield* rows;
    })(),
    notes,
  };
}

async function rowsOf(
  { register, actor, policy }: Reviewer,
  imageId: bigint,
  answer: AnsweredImage | null,
  notes: string[],
): Promise<readonly ReportRow[]> {
  const visible = visibleTo(actor, policy, 'seeUsage');
  const known = await register.reports.files({ imageId, visibleTo: visible, limit: mostFiles + 1 });
  if (!answer && known.length === 0)
    throw notFound(`Image:${imageId} that you may see`, 'NO_SUCH_TARGET', 'OMERO.web shows the id of what is selected');
  if (!answer) notes.push(`OMERO has no Image:${imageId}; what follows is in the register.`);
  if (known.length > mostFiles || (answer && answer.totals.files + answer.totals.missing > answer.files.length))
    notes.push(`Image:${imageId} has more files than the ${mostFiles} that are listed.`);
  const facts = factsOf(imageId, answer);
  const byPath = new Map(known.slice(0, mostFiles).map((file) => [`${file.root}/${file.path}`, file]));
  const listed = (answer?.files ?? []).map((file) => {
    const path = `${file.root}/${file.path}`;
    const own = byPath.get(path);
    byPath.delete(path);
    return { ...facts, path, ...ofDisk(file), ...ofRegister(own) };
  });
  return [
    ...listed,
    ...[...byPath].map(([path, file]) => ({
      ...facts,
      path,
      role: null,
      on_disk: null,
      bytes: file.size,
      ...ofRegister(file),
    })),
  ];
}

function factsOf(imageId: bigint, answer: AnsweredImage | null): ReportRow {
  const image = answer?.image;
  return {
    image_id: imageId,
    name: image?.name ?? null,
    owner: image?.owner ?? null,
    group: image?.group ?? null,
    parents: image ? image.parents.join(', ') : null,
    fileset: answer?.component ?? null,
    format: image?.format ?? null,
    acquired: image?.acquired ?? null,
    pixels: image
      ? image.pixels
          .map(
            ({ pixelsId, sizeX, sizeY, sizeZ, sizeC, sizeT, type }) =>
              `Pixels:${pixelsId} ${sizeX} x ${sizeY}, ${sizeZ} z, ${sizeC} c, ${sizeT} t${type === null ? '' : `, ${type}`}`,
          )
          .join('; ')
      : null,
    omero_archived: image ? { true: 'yes', false: 'no', null: 'not set' }[`${image.archived}`] : null,
  };
}

function ofDisk({ role, found, bytes }: AnsweredFile): ReportRow {
  return { role, on_disk: found, bytes: bytes === null ? null : BigInt(bytes) };
}

function ofRegister(file: FileListing | undefined): ReportRow {
  const copy = file && copyOf(file);
  return {
    request_id: file?.requestId ?? null,
    state: file ? (file.code === null ? file.state : `${file.state}, ${file.code}`) : null,
    sha256: file?.digests['SHA-256'] ?? null,
    omero_hash: file?.omeroHash ? `${file.omeroHash.algorithm} ${file.omeroHash.value}` : null,
    store: copy?.store ?? null,
    copy: copy ? `${copy.bag}/${copy.path}` : null,
  };
}
