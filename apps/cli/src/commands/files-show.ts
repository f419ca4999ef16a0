import type { Command } from 'commander';
import type { EventListing, FileListing } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { formatBytes, formatCount, formatTime, indented, pairs } from '@coldroom/terminal';
import type { Act } from '../context';
import { eventLines } from '../events';
import { examples } from '../examples';
import { notFound, UsageError } from '@coldroom/operations';
import { nextStep } from '@coldroom/operations';
import { commandsFor } from '@coldroom/operations';
import { parseIds } from '@coldroom/operations';

const shownEvents = 200;

export function addFilesShow(files: Command, act: Act): void {
  files
    .command('show')
    .argument('<file>', 'its number, or File:12')
    .description('show one file: its digests, where its copy lies, and what happened to it')
    .addHelpText('after', examples('files show 12'))
    .action((word: string) =>
      act(async (context) => {
        const [id, ...more] = parseIds([word], 'File');
        if (id === undefined || more.length > 0) throw new UsageError('one file at a time can be shown');
        const shown = await context.register(async ({ reports }) => {
          const file = await reports.file(id);
          if (!file)
            throw notFound(
              `file ${id}`,
              'NO_SUCH_FILE',
              '"coldroom files list" shows them; mind that these are numbers of the register, not of OMERO',
            );
          return { file, copy: copyOf(file), events: await reports.events({ fileId: id }, shownEvents) };
        });
        context.out.result(shown, () => lines(shown.file, shown.copy, shown.events));
        return exitCodes.ok;
      }),
    );
}

interface Copy {
  readonly store: string;
  readonly bag: string;
  /** Below the bag. */
  readonly path: string;
  /** As the state shows; while a bag is open a copy may still be replaced. */
  readonly sealed: boolean;
}

const sealedStates: readonly string[] = ['sealed', 'undoing', 'undone', 'linked', 'released'];
const openStates: readonly string[] = ['copied', 'verified'];

function copyOf({ state, stuckFrom, store, bag, root, path }: FileListing): Copy | null {
  const at = stuckFrom ?? state;
  const sealed = sealedStates.includes(at);
  if (store === null || bag === null || !(sealed || openStates.includes(at))) return null;
  return { store, bag, path: `data/${root}/${path}`, sealed };
}

function commandsOf(file: FileListing): readonly string[] {
  const { state, code } = file;
  if (state !== 'stuck' || code === null) return [];
  return commandsFor(code, [{ ...file, code }]).filter((command) => !command.startsWith('coldroom files show'));
}

function lines(file: FileListing, copy: Copy | null, events: readonly EventListing[]): readonly string[] {
  return [
    ...pairs([
      ['File', file.id.toString()],
      ['Path', `${file.root}/${file.path}`],
      ['Size', `${formatBytes(file.size)} (${formatCount(file.size)} bytes)`],
      ['State', file.stuckFrom ? `${file.state}, from ${file.stuckFrom}` : file.state],
      ['Code', file.code ?? undefined],
      ['Reason', file.reason ?? undefined],
      ['Next', file.state === 'stuck' && file.code ? nextStep(file.code) : undefined],
      ...commandsOf(file).map((command) => ['', command] as const),
      ['Request', file.requestId.toString()],
      ['Fileset', file.fileset],
      ['OriginalFile', file.originalFileId?.toString()],
      ['OMERO says', file.omeroHash ? `${file.omeroHash.algorithm} ${file.omeroHash.value}` : 'no hash'],
      ...Object.entries(file.digests).map(([algorithm, value]) => [algorithm, value] as const),
      [
        'Copy',
        copy ? `store ${copy.store}, bag ${copy.bag}${copy.sealed ? '' : ' (open)'}, ${copy.path}` : 'none that counts',
      ],
      ['Read back', file.copyRead ?? undefined],
      ['Linked', file.linkedAt ? formatTime(file.linkedAt) : undefined],
    ]),
    '',
    'Events, newest first',
    ...indented(eventLines(events)),
  ];
}
