import { adoptionFindings, type AdoptionReport } from '@coldroom/operations';
import {
  counted,
  formatBytes,
  formatCount,
  left,
  right,
  section,
  shortened,
  table,
  type Lines,
} from '@coldroom/terminal';

interface Done {
  readonly go: boolean;
  readonly store: string;
  readonly inPlace: boolean;
}

const jobsShown = 50;

/** What was found and done, and what a person must decide. */
export function adoptLines(report: AdoptionReport, { go, store, inPlace }: Done): Lines {
  const { duties, proofs, taken, jobs, moving } = report;
  return [
    go
      ? `Taken over: ${counted(taken.files, 'file')}, ${formatBytes(taken.bytes)}, in store ${store}; known before: ${formatCount(duties.known)}`
      : `Would be taken over: ${counted(duties.adopt, 'file')}; known already: ${formatCount(duties.known)}`,
    `Still to be archived: ${counted(duties.archive, 'file')}; to be decided by a person: ${formatCount(duties.decide)}; nothing to do: ${formatCount(duties.nothing)}`,
    go &&
      `Read as a whole: ${formatCount(proofs.PROVEN)} proven twice, ${formatCount(proofs.PROVEN_BY_ONE)} once, ${formatCount(proofs.UNPROVEN)} not, ${formatCount(proofs.DIFFERS)} differ`,
    moving > 0 && `${counted(moving, 'bag')} on the way to another store; "coldroom status" shows how far they are.`,
    go && inPlace && 'The copies stay where they are. They are verified on schedule, and never called durable.',
    section('Jobs:', jobLines(report, go)),
    [...report.findings].map(([code, { count, shown }]) => [
      section(
        `${code}, ${formatCount(count)}: ${adoptionFindings[code].title}${adoptionFindings[code].decide ? '; decide' : ''}`,
        shortened(
          shown.map(({ where, what, reason }) => `${where}: ${what}${reason === undefined ? '' : `: ${reason}`}`),
          count,
        ),
      ),
    ]),
    !go && jobs.count > 0 && ['', 'Nothing was changed. Next: coldroom adopt --go'],
  ];
}

function jobLines({ jobs }: AdoptionReport, go: boolean): Lines {
  if (jobs.count === 0) return false;
  const columns = [
    left('job'),
    left('folder'),
    left('request'),
    right('taken'),
    right('known'),
    right('to archive'),
    right('decide'),
  ];
  return shortened(
    table(
      columns,
      jobs.shown
        .slice(0, jobsShown)
        .map(({ job, folders, request, files, taken }) => [
          job,
          folders.join(' '),
          request === null ? '' : String(request),
          formatCount(go ? (taken?.files ?? 0) : files.adopt),
          formatCount(files.known),
          formatCount(files.archive),
          formatCount(files.decide),
        ]),
    ),
    jobs.count + 1,
  );
}
