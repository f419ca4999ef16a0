import { fileHistory } from '@coldroom/api';
import { copyOf, fileDetails, type FileDetails } from '@coldroom/operations';
import { formatBytes, formatCount, formatTime, pairs, section, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { eventLines } from '../lines';
import { parseId } from '../parsing';

export function addFilesShow(files: CliCommand): void {
  files
    .command('show')
    .argument('<file>', 'its number, or File:12')
    .description('show one file: its digests, where its copy is, and what happened to it')
    .examples('files show 12')
    .runs(async (context, word: string) => {
      const id = parseId(word, 'File', 'files show');
      const details = await context.either<FileDetails>(
        (register) => fileDetails(register, id),
        async (server) => {
          const { file, help, events } = await server.get(`files/${id}`, fileHistory);
          return { file, copy: copyOf(file), help, events };
        },
      );
      return { document: details, lines: lines(details) };
    });
}

function lines({ file, copy, help, events }: FileDetails): Lines {
  return [
    pairs([
      ['File', file.id.toString()],
      ['Path', `${file.root}/${file.path}`],
      ['Size', `${formatBytes(file.size)} (${formatCount(file.size)} bytes)`],
      ['State', file.stuckFrom ? `${file.state}, from ${file.stuckFrom}` : file.state],
      ['Code', file.code ?? undefined],
      ['Reason', file.reason ?? undefined],
      ['Next', help?.next],
      ...(help?.commands ?? []).map((command) => ['', command] as const),
      ['Request', file.requestId.toString()],
      ['Fileset', file.fileset],
      ['OriginalFile', file.originalFileId?.toString()],
      ['OMERO says', file.omeroHash ? `${file.omeroHash.algorithm} ${file.omeroHash.value}` : 'no hash'],
      ...Object.entries(file.digests),
      [
        'Copy',
        copy ? `store ${copy.store}, bag ${copy.bag}${copy.sealed ? '' : ' (open)'}, ${copy.path}` : 'none that counts',
      ],
      ['Read back', file.copyRead ?? undefined],
      ['Linked', file.linkedAt ? formatTime(file.linkedAt) : undefined],
    ]),
    section('Events, newest first', eventLines(events)),
  ];
}
