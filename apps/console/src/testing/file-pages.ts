import type { AnsweringScanner } from './answering-scanner';
import type { RunningConsole } from './running-console';
import { passedOn } from './sample-requests';

/** Pages about files and retrievals of the sample, by what is on them. The scanner answers what is in a dataset. */
export async function pagesOfFiles(
  { register }: Pick<RunningConsole, 'register'>,
  shown: Readonly<Record<'finished' | 'held' | 'error' | 'running', bigint>>,
  scanner: AnsweringScanner,
): Promise<Readonly<Record<string, string>>> {
  const fileOf = async (requestId: bigint, stuck = false) => {
    const [file] = await register.reports.files({ requestId, limit: 1, ...(stuck && { states: ['stuck'] }) });
    return file!.id;
  };
  const { retrievals } = register;
  const whole = { kind: 'Request' as const, ids: [shown.finished] };
  const asked = await retrievals.ask(whole, { way: 'recall', days: 14 }, 'olga');
  await passedOn(register, shown.finished, ['retrieving', 'online']);
  const images = (await register.reports.images(shown.held)).slice(0, 3).map(({ imageId }) => imageId);
  const inside = (await register.reports.images(shown.finished)).slice(0, 2).map(({ imageId }) => imageId);
  scanner.containers.push({ kind: 'Dataset', id: 7n, name: 'Spindles, 2023', imageIds: [...inside, 9n] });
  return {
    files: 'files?path=alice_7/2023-01',
    'no files': 'files?path=nowhere',
    'files refused': 'files?image=x',
    'a held file': `files/${await fileOf(shown.held)}`,
    'a stuck file': `files/${await fileOf(shown.error, true)}`,
    'what comes back': `ask-back?what=Request:${shown.held}`,
    retrievals: 'ask-back',
    'a retrieval': `retrievals/${asked.retrievals[0]}`,
    'what was chosen in OMERO': `open?${images.map((id) => `image=${id}`).join('&')}&image=7&dataset=7`,
  };
}
