import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportTables } from './tables';

const page = readFileSync(join(__dirname, '../../../../docs/reports.md'), 'utf8');

/** Columns and their kinds below the title of each table. */
const documented = Object.fromEntries(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [
      section.split('\n')[0] as string,
      [...section.matchAll(/^\| `(\w+)` \| (text|id|count|bytes|time|money) \| \S/gm)].map(([, name, kind]) => [
        name,
        kind,
      ]),
    ]),
);

test('docs/reports.md has all tables', () => {
  expect(Object.keys(documented)).toEqual(Object.keys(reportTables));
});

test.each(Object.entries(reportTables))('docs/reports.md has the columns of %s', (name, columns) => {
  expect(documented[name]).toEqual(columns.map((column) => [column.name, column.kind]));
  expect(new Set(columns.map((column) => column.name)).size).toBe(columns.length);
});
