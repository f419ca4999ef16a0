import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phases } from './phases';

const library = join(__dirname, '..', '..');
const quoted = (sql: string): readonly string[] => [...sql.matchAll(/'([^']+)'/g)].map((match) => match[1] as string);

/** The phases that the migration derives from the states: each `THEN` and the `ELSE` of the column's expression. */
function derived(): readonly string[] {
  const migration = readFileSync(join(library, 'migrations', '0001_register.sql'), 'utf8');
  const [, expression = ''] = /phase\s+text NOT NULL GENERATED ALWAYS AS \(CASE(.*?)END\)/s.exec(migration) ?? [];
  return quoted([...expression.matchAll(/(?:THEN|ELSE) ('[^']+')/g)].map((match) => match[1]).join());
}

/** Phases that SQL compares by name: `phase = 'linked'`, `phase NOT IN ('skipped', 'restored')`. */
function compared(file: string): readonly string[] {
  const sql = readFileSync(join(library, file), 'utf8');
  return [...sql.matchAll(/\bphase (?:=|<>|IN|NOT IN) (\([^)]*\)|'[^']*')/g)].flatMap((match) =>
    quoted(match[1] ?? ''),
  );
}

test('the list of phases is the one that the migration derives', () => {
  expect([...new Set(derived())].sort()).toEqual([...phases].sort());
});

test('queries and indexes name only phases of the list', () => {
  const sources = globSync(['src/**/*.ts', 'migrations/*.sql'], { cwd: library, exclude: ['**/*.spec.ts'] });
  const used = sources.flatMap((file) => compared(file).map((phase) => ({ file, phase })));
  expect(used.length).toBeGreaterThan(20);
  expect(used.filter(({ phase }) => !(phases as readonly string[]).includes(phase))).toEqual([]);
});
