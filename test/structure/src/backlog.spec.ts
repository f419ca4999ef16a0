import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stageFiles, workspace } from './stage-files';

test('the view backlog has each stage, with its service, its state and whether a stop concerns it', async () => {
  const migration = readFileSync(join(workspace, 'libs', 'register', 'migrations', '0016_backlog.sql'), 'utf8');
  const rows = [...migration.matchAll(/\('([\w-]+)', '([\w-]+)', '(\w+)', (true|false)\)/g)].map((row) => row.slice(1));
  const stages = (await stageFiles()).map(({ service, stage: { name, takes, runsWhileStopped = false } }) => [
    service,
    name,
    takes,
    String(runsWhileStopped),
  ]);
  expect(rows.sort()).toEqual(stages.sort());
});
