import { readFileSync } from 'node:fs';

const page = new URL('../../libs/domain/README.md', import.meta.url);
const heading = '## Statements that no test notices';

/** The statements that may go unnoticed, read from the one place that gives their reasons: a table of file, statement, reason. */
export function allowedStatements() {
  const [, after] = readFileSync(page, 'utf8').split(`${heading}\n`);
  if (after === undefined) throw new Error(`${page.pathname} has no section "${heading}"`);
  const [section] = after.split(/^## /m);
  return [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)].map(([, file, statement, reason]) => ({
    file,
    statement: statement.replaceAll('\\|', '|'),
    reason,
  }));
}
