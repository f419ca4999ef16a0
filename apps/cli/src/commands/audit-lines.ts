import { discrepancyTitles, type Discrepancy, type Report } from '@coldroom/operations';
import { below, counted, formatCount, type Lines } from '@coldroom/terminal';
import { foreignLines } from '../lines';
import { styled } from '../output';

/** The single document of `--json`: totals in full, individual findings up to the limit. */
export function documentOf(report: Report, fix: boolean): unknown {
  return {
    clean: report.clean,
    fix,
    looked: report.looked,
    foreign: report.foreign,
    unprotected: report.unprotected,
    findings: [...report.findings()].map(([code, found]) => ({ code, title: discrepancyTitles[code], ...found })),
    notLookedAt: report.notLooked(),
  };
}

export function linesOf(report: Report, fix: boolean): Lines {
  const { files, bags, images, held, online, trialBags, deletionsKnown } = report.looked;
  return [
    [...report.findings()].map(([code, { total, repaired, shown }]) => [
      `${styled('red', code)}  ${discrepancyTitles[code]}: ${formatCount(total)}${repaired > 0 ? `, repaired: ${formatCount(repaired)}` : ''}`,
      below(shown.map(findingLines)),
      shown.length < total && below(`and ${formatCount(total - shown.length)} more: --limit ${total}`),
      '',
    ]),
    report
      .notLooked()
      .map(
        ({ part, reason, things }) =>
          `${styled('yellow', 'NOT LOOKED AT')}  ${part}${things === null ? '' : ` (${formatCount(things)})`}: ${reason}`,
      ),
    `Looked at ${counted(files, 'file')} of the register, ${counted(bags, 'sealed bag')}, ${formatCount(held)} held, ${formatCount(online)} near, ${counted(images, 'image')} in OMERO.`,
    trialBags > 0 && `Left out: ${counted(trialBags, 'bag')} of trials (validate-...).`,
    report.foreign.map(foreignLines),
    report.unprotected.map(
      (store) => `Nothing protects the copies in store ${store} against change: its settings say "protect: none".`,
    ),
    deletionsKnown > 0 &&
      `Left out: ${counted(deletionsKnown, 'image')} deleted in OMERO on purpose, as was acknowledged; the copies stay in the stores.`,
    report.clean
      ? styled('green', fix && report.findings().size > 0 ? 'All that was found is repaired.' : 'Nothing is wrong.')
      : verdict(report),
  ];
}

function findingLines({ object, path, fileset, bag, expected, found, remedy }: Discrepancy): Lines {
  const about = [object, path, fileset, bag !== undefined && !object.includes(bag) ? `bag ${bag}` : undefined]
    .filter((word) => word !== undefined)
    .join('  ');
  return [about, below([`expected: ${expected}`, `found:    ${found}`, `next:     ${remedy}`])];
}

function verdict(report: Report): string {
  const left = [...report.findings().values()].reduce((sum, { total, repaired }) => sum + total - repaired, 0);
  return [
    ...(left > 0 ? [`${counted(left, 'finding')}.`] : []),
    ...(report.notLooked().length > 0 ? ['Not everything could be looked at: nothing is known of the rest.'] : []),
  ].join(' ');
}
