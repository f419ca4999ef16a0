import type { FileState } from '@coldroom/domain';
import type { Register, SelectedFiles, Target } from '@coldroom/register';
import { oneByOne, summed, type Notify } from '../busy';
import { byCode, selectedFiles, type ByCode } from '../selected-files';
import { refuseWhereStopped } from '../switches/stopped';
import { waiting, type Waiting } from '../waiting';
import { refuseWithoutSpace, type PlannedRetrieval } from './plan';

const stillMs = 15_000;
const stages = ['bring-online', 'fetch', 'verify-fetched', 'place', 'undo'].map((name) => `stage:${name}`);
const onTheWay: readonly FileState[] = ['retrieving', 'online', 'fetched', 'fetchVerified', 'undoing'];

/** Numbers of files: to be fetched, to be put back from the hold directory, and recalled for longer. */
export type Retrieved = Readonly<Record<'asked' | 'undoing' | 'prolonged', number>>;

/** Requests whole filesets from the services. */
export async function retrieve(
  register: Register,
  targets: readonly Target[],
  planned: PlannedRetrieval,
  by: string,
  notify: Notify,
): Promise<Retrieved> {
  refuseWithoutSpace(planned);
  const results = await oneByOne(notify, targets, (target) => register.retrievals.ask(target, planned.order, by));
  return summed(results, { asked: 0, undoing: 0, prolonged: 0 });
}

/** Cancels what is not there yet; it stays archived. Returns the number of files. */
export async function cancelRetrieval(
  register: Register,
  targets: readonly Target[],
  by: string,
  notify: Notify,
): Promise<number> {
  const counts = await oneByOne(notify, targets, (target) => register.retrievals.cancel(target, by));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Waits until none of these files is being retrieved, except those that wait for a stuck file; returns the stuck ones. */
export async function* untilRetrieved(
  register: Register,
  targets: readonly Target[],
): AsyncGenerator<Waiting<readonly SelectedFiles[]>, readonly ByCode[]> {
  const rows = yield* waiting({
    read: () => selectedFiles(register, targets, 'filesets'),
    isOver: (now) => now.every((row) => !onTheWay.includes(row.state)) || onlyWaitsForStuck(now),
    stillMs,
    whenStill: () => refuseWhereStopped(register, 'The retrieval is requested', (name) => stages.includes(name)),
  });
  return byCode(rows.filter((row) => row.state === 'stuck'));
}

/** Proven files whose fileset has a stuck one wait for a person, which may take long. */
function onlyWaitsForStuck(rows: readonly SelectedFiles[]): boolean {
  return (
    rows.some((row) => row.state === 'stuck') &&
    rows.every((row) => !onTheWay.includes(row.state) || row.state === 'fetchVerified')
  );
}
