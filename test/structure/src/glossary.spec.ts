import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoints, fileEvents, fileStates, requestStates, transitions, type FileEvent } from '@coldroom/domain';
import { stageNames } from '@coldroom/pipeline';
import { phases } from '@coldroom/register';
import { eventOf, stageFiles, workspace } from './stage-files';

const glossary = readFileSync(join(workspace, 'docs', 'glossary.md'), 'utf8');
const migration = readFileSync(join(workspace, 'libs', 'register', 'migrations', '0001_register.sql'), 'utf8');

/** The cells of the tables below a heading, without their headers and backticks. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = glossary.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  const cells = (row: string): string[] =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
  return own
    .split('\n')
    .filter(
      (line, at, lines) => line.startsWith('|') && ![line, lines[at + 1]].some((each) => each?.startsWith('| ---')),
    )
    .map(cells);
}

/** Each arrow of the charts as `from --event--> to`. Names for several states are replaced by these. */
function drawn(): readonly string[] {
  return [...glossary.matchAll(/```mermaid\n(.*?)```/gs)].flatMap(([, chart = '']) => {
    const groups = new Map([...chart.matchAll(/state "(.*?)" as (\w+)/g)].map(([, list = '', name]) => [name, list]));
    const statesOf = (name: string): readonly string[] => (groups.get(name) ?? name).split(', ');
    return [...chart.matchAll(/(\w+) --> (\w+) : (.*)/g)].flatMap(([, from = '', to = '', events = '']) =>
      statesOf(from).flatMap((source) =>
        statesOf(to).flatMap((target) => events.split(', ').map((event) => `${source} --${event}--> ${target}`)),
      ),
    );
  });
}

/** The phase that the migration derives from a state: the first condition that names it. */
function phaseOf(state: string): string | undefined {
  const [, cases = '', otherwise] = /AS \(CASE(.*?)ELSE '(.*?)' END\)/s.exec(migration) ?? [];
  const conditions = [...cases.matchAll(/WHEN (.*?) THEN '(.*?)'/g)];
  return conditions.find(([, condition]) => condition?.includes(`'${state}'`))?.[2] ?? otherwise;
}

test.each([
  ['file state', fileStates],
  ['request state', requestStates],
  ['stage', stageNames],
  ['phase', phases],
  ['file event', fileEvents],
])('the glossary has each %s', (_kind, names) => {
  expect(names.filter((name) => !glossary.includes(`\`${name}\``))).toEqual([]);
});

test('the prefix of each crash point is a stage, or named in the entry of crash points', () => {
  const entry = rowsBelow('Terms').find(([term]) => term === 'crash point')?.[1] ?? '';
  const prefixes = [...new Set(crashPoints.map((name) => name.split(':')[0] as string))];
  const others = prefixes.filter((prefix) => !(stageNames as readonly string[]).includes(prefix));
  expect(others.filter((prefix) => !new RegExp(`\\b${prefix}\\b`).test(entry))).toEqual([]);
});

test('each term is listed once', () => {
  const terms = rowsBelow('Terms').flatMap(([term = '']) => term.split(', '));
  expect(terms.length).toBeGreaterThan(40);
  expect(terms.filter((term, at) => terms.indexOf(term) !== at)).toEqual([]);
});

test('the charts draw exactly the transitions of the table in libs/domain', () => {
  const table = Object.entries(transitions).flatMap(([from, events]) =>
    Object.entries(events).flatMap(([event, targets]) => targets.map((to) => `${from} --${event}--> ${to}`)),
  );
  expect([...drawn()].sort()).toEqual(table.sort());
});

test('the table of stages is that of the code', async () => {
  const stages = (await stageFiles()).map(({ service, file, className, stage: { name, takes } }) => {
    const event = eventOf(name);
    return [takes, name, service, file, className, event, transitions[takes][event as FileEvent]?.join(', ')];
  });
  expect([...rowsBelow('Stages')].sort()).toEqual(stages.sort());
});

test('the table of phases is what the migration derives', () => {
  const derived = phases.map((phase) => [phase, fileStates.filter((state) => phaseOf(state) === phase).sort()]);
  const written = rowsBelow('Phases').map(([phase, states = '']) => [phase, states.split(', ').sort()]);
  expect([...written].sort()).toEqual(derived.sort());
});
