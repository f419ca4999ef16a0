import type { AdoptedImage, Settlement } from '@coldroom/register';
import type { JobFolder } from './job-text';
import type { LookedFile, LookedImage, LookedJob } from './looked';

/** What a job becomes, and what OMERO is to show of its images. `adopted` are the files that are in the register now. */
export function settlementOf(looked: LookedJob, adopted: ReadonlySet<LookedFile>): Settlement {
  const { job, files, images } = looked;
  const left = files.filter(({ duty }) => duty === 'archive');
  const state = stateOf(job.folder, left.length > 0 && images.length > 0);
  const componentsOf = (some: Iterable<LookedFile>): ReadonlySet<string> =>
    new Set([...some].flatMap(({ omero }) => (omero ? [omero.component] : [])));
  const kinds = {
    archived: componentsOf(adopted),
    left: state === 'New' || state === 'Approved' ? componentsOf(left) : new Set<string>(),
    // Whatever a person decides, its marks stay until then.
    undecided: componentsOf(files.filter((file) => !adopted.has(file) && ['adopt', 'decide'].includes(file.duty))),
    tooEarly: new Set(markedTooEarly(looked).map(({ component }) => component)),
  };
  return {
    state,
    images: images.flatMap((image) => markOf(image, kinds, job.folder === 'Declined') ?? []),
    names: kinds.left.size > 0 ? left.flatMap(({ place }) => place ?? []) : [],
    notes: Object.fromEntries(job.text?.notes ?? []),
  };
}

function stateOf(folder: JobFolder, isLeft: boolean): Settlement['state'] {
  if (folder === 'Declined') return 'Declined';
  if (!isLeft || folder === 'Finished') return 'Finished';
  return folder === 'New' ? 'New' : 'Approved';
}

type Kinds = Readonly<Record<'archived' | 'left' | 'undecided' | 'tooEarly', ReadonlySet<string>>>;

function markOf(image: LookedImage, kinds: Kinds, isDeclined: boolean): AdoptedImage | undefined {
  const { imageId, name, component: fileset, archived: archivedBefore } = image;
  const written = image.marks.includes('ARCHIVED') ? 'archived' : null;
  const one = { imageId, name, fileset, archivedBefore };
  if (kinds.left.has(fileset)) return { ...one, wanted: 'pending', written };
  if (kinds.archived.has(fileset)) return { ...one, wanted: 'archived', written: null };
  // A newer mark of a user asks for something else: it stays.
  if (kinds.undecided.has(fileset) || image.marks.includes('TO-ARCHIVE')) return undefined;
  if (kinds.tooEarly.has(fileset) || (isDeclined && image.marks.includes('ARCHIVE-PENDING')))
    return { ...one, wanted: 'none', written };
  return undefined;
}

/** The images that OMERO shows as archived although all of their files that the job names are in place. */
export function markedTooEarly({ files, images }: LookedJob): readonly LookedImage[] {
  const inPlace = new Map<string, boolean>();
  for (const { omero, disk } of files)
    if (omero) inPlace.set(omero.component, disk?.kind === 'file' && inPlace.get(omero.component) !== false);
  return images.filter(({ marks, component }) => marks.includes('ARCHIVED') && inPlace.get(component) === true);
}
