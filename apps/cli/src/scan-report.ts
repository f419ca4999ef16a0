import type { ScanReport } from '@coldroom/operations';
import { below, counted, flat, shortened, type Lines } from '@coldroom/terminal';

const shown = 10;

/** What an operator wants to know about a scan. `--json` has all of the report. */
export function reportLines(report: Readonly<Record<string, unknown>>): readonly string[] {
  const {
    marks = 0,
    known = 0,
    leftOut = [],
    retrievalMarks = {},
    kept = {},
    withdrawn = {},
    ...ignored
  }: ScanReport = report;
  return flat([
    requestLines(report),
    known > 0 && `${counted(known, 'marked image')} ${known === 1 ? 'is' : 'are'} in a request already.`,
    marks === 0 && 'No image is marked TO-ARCHIVE.',
    ignoredLines('TO-ARCHIVE', ignored),
    leftOut.length > 0 && ['Left out of new requests:', listed(leftOut.map((one) => `${one.component}: ${why(one)}`))],
    (retrievalMarks.files ?? 0) > 0 &&
      `${counted(retrievalMarks.files ?? 0, 'file')} requested back by FROM-ARCHIVE marks.`,
    ignoredLines('FROM-ARCHIVE', retrievalMarks),
    (withdrawn.images ?? 0) > 0 && `${counted(withdrawn.images ?? 0, 'image')} marked WITHDRAW.`,
    ignoredLines('WITHDRAW', withdrawn),
    (kept.marks ?? 0) > 0 &&
      `${counted(kept.marks ?? 0, 'image')} kept out of archiving; "coldroom requests kept" lists them.`,
    ignoredLines('KEEP', kept),
  ]);
}

function requestLines({ requests = [] }: ScanReport): Lines {
  const [one, ...others] = requests;
  if (!one) return 'No new requests.';
  return [
    `${counted(requests.length, 'new request')}:`,
    listed(
      requests.map(({ id, markedImages, requester, group }) =>
        [
          `request ${id}`,
          markedImages === undefined ? '' : `: ${counted(markedImages, 'marked image')}`,
          group === undefined ? '' : `, group ${group}`,
          requester === undefined ? '' : `, asked for by ${requester}`,
        ].join(''),
      ),
    ),
    `next: coldroom requests ${others.length > 0 ? 'list --state New' : `show ${one.id}`}`,
  ];
}

function ignoredLines(
  mark: string,
  { ignored = [], ignoredCount = ignored.length }: Pick<ScanReport, 'ignored' | 'ignoredCount'>,
): Lines {
  return (
    ignoredCount > 0 && [
      `${counted(ignoredCount, `${mark} mark`)} ${ignoredCount === 1 ? 'was' : 'were'} ignored:`,
      listed(
        ignored.map((one) => `Image:${one.imageId}: ${why(one)}`),
        ignoredCount,
      ),
    ]
  );
}

function why({ code, reason }: { readonly code: string; readonly reason?: string }): string {
  return reason === undefined ? code : `${reason} (${code})`;
}

function listed(lines: readonly string[], total = lines.length): Lines {
  return below(shortened(lines, total, shown));
}
