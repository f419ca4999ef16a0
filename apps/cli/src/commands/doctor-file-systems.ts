import type { ProbedDirectory } from '@coldroom/operations';
import { left, section, table, type Lines } from '@coldroom/terminal';

/** What one file system can do, and what Coldroom does about what it cannot. */
export function fileSystemLines({ use, name, look, lines, notKept }: ProbedDirectory): Lines {
  const { directory, type, timeUnitNs, longestName } = look;
  const title = `${use === 'hold' ? 'hold directory' : `store ${name} at`} ${directory}${type === '' ? '' : ` (${type})`}`;
  return section(title, [
    table(
      [left('ability'), left('found'), left('what Coldroom does without it'), left('how it was found')],
      lines.map(({ ability, answer, how, weight, consequence }) => [
        ability,
        answer,
        weight === 'fine' ? '' : `${weight === 'none' ? 'nothing' : weight}: ${consequence}`,
        how,
      ]),
    ),
    `times are kept to ${timeUnitNs === null ? 'no known unit' : `${timeUnitNs} ns`}; names have up to ${longestName} bytes`,
    notKept !== undefined && `Not kept in the register: ${notKept}`,
  ]);
}
