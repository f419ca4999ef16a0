import { counted, formatCount, indented } from '@coldroom/terminal';

const shown = 10;

interface Ignored {
  readonly code: string;
  readonly reason?: string;
  readonly imageId: string;
}

/** What the scanner writes into the register; parts may be missing in a report from another version. */
interface Report {
  readonly marks?: number;
  readonly requests?: readonly {
    readonly id: string;
    readonly requester?: string;
    readonly group?: string;
    readonly markedImages?: number;
  }[];
  readonly known?: number;
  readonly ignoredCount?: number;
  readonly ignored?: readonly Ignored[];
  readonly leftOut?: readonly { readonly component: string; readonly code: string; readonly reason?: string }[];
  readonly retrievalMarks?: {
    readonly files?: number;
    readonly ignoredCount?: number;
    readonly ignored?: readonly Ignored[];
  };
}

/** What an operator wants to know about a scan. `--json` has all of the report. */
export function reportLines(report: Readonly<Record<string, unknown>>): readonly string[] {
  const { marks = 0, known = 0, leftOut = [], retrievalMarks = {}, ...ignored }: Report = report;
  return [
    ...requestLines(report),
    ...(known > 0 ? [`${counted(known, 'marked image')} ${known === 1 ? 'is' : 'are'} in a request already.`] : []),
    ...(marks === 0 ? ['No image is marked TO-ARCHIVE.'] : []),
    ...ignoredLines('TO-ARCHIVE', ignored),
    ...(leftOut.length > 0
      ? ['Left out of new requests:', ...listed(leftOut.map((one) => `${one.component}: ${why(one)}`))]
      : []),
    ...(retrievalMarks.files ? [`${counted(retrievalMarks.files, 'file')} requested back by FROM-ARCHIVE marks.`] : []),
    ...ignoredLines('FROM-ARCHIVE', retrievalMarks),
  ];
}

function requestLines({ requests = [] }: Report): readonly string[] {
  const [first, ...others] = requests;
  if (!first) return ['No new requests.'];
  return [
    `${counted(requests.length, 'new request')}:`,
    ...listed(
      requests.map(({ id, markedImages, requester, group }) =>
        [
          `request ${id}`,
          ...(markedImages === undefined ? [] : [`: ${counted(markedImages, 'marked image')}`]),
          ...(group === undefined ? [] : [`, group ${group}`]),
          ...(requester === undefined ? [] : [`, asked for by ${requester}`]),
        ].join(''),
      ),
    ),
    `next: coldroom requests ${others.length > 0 ? 'list --state New' : `show ${first.id}`}`,
  ];
}

function ignoredLines(
  mark: string,
  { ignored = [], ignoredCount = ignored.length }: Pick<Report, 'ignored' | 'ignoredCount'>,
): readonly string[] {
  if (ignoredCount === 0) return [];
  return [
    `${counted(ignoredCount, `${mark} mark`)} ${ignoredCount === 1 ? 'was' : 'were'} ignored:`,
    ...listed(
      ignored.map((one) => `Image:${one.imageId}: ${why(one)}`),
      ignoredCount,
    ),
  ];
}

function why({ code, reason }: { readonly code: string; readonly reason?: string }): string {
  return reason === undefined ? code : `${reason} (${code})`;
}

function listed(lines: readonly string[], total = lines.length): readonly string[] {
  const first = lines.slice(0, shown);
  return indented([...first, ...(total > first.length ? [`and ${formatCount(total - first.length)} more`] : [])]);
}
