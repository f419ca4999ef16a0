import { globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { transitions, workStates } from '@coldroom/domain';
import type { Type } from '@nestjs/common';
import type { ServiceSettings } from './service.module';
import { stageNames, type Stage } from './stage';
import { stageOf } from './stages';

const apps = join(__dirname, '..', '..', '..', 'apps');
const settings = {
  OMERO_DATA_DIR: '/nowhere',
  COLDROOM_HOLD: 0,
  COLDROOM_QUEUE_PREFIX: 'test',
} as unknown as ServiceSettings;

interface Wired {
  readonly app: string;
  readonly stage: Stage;
}

/** The stages of bags that each app wires, as its module lists them. Opens no connection. Those of the importer work on orders. */
async function wiredStages(): Promise<readonly Wired[]> {
  const found: Wired[] = [];
  for (const app of readdirSync(apps).filter((name) => name !== 'importer')) {
    const sources = globSync('src/**/*.stage.ts', { cwd: join(apps, app) });
    if (sources.length === 0) continue;
    const module = (await import(join(apps, app, 'src', `${app}.module`))) as Record<
      string,
      (settings: ServiceSettings) => { providers?: readonly unknown[] }
    >;
    const [build] = Object.values(module);
    const classes = (build?.(settings).providers ?? []).filter(
      (provider): provider is Type<Stage> =>
        typeof provider === 'function' && 'run' in provider.prototype && 'name' in new (provider as Type<object>)(),
    );
    found.push(...classes.map((each) => ({ app, stage: new each() })));
    expect([app, classes.length]).toEqual([app, sources.length]);
  }
  return found;
}

describe('the stages of all apps', () => {
  test('each state that a service acts on has exactly one stage, with the name of its queue', async () => {
    const wired = await wiredStages();
    expect(wired.map(({ stage }) => [stage.takes, stage.name]).sort()).toEqual(Object.entries(stageOf).sort());
    expect(wired.map(({ stage }) => stage.takes).sort()).toEqual([...workStates].sort());
    expect(wired.map(({ stage }) => stage.name).sort()).toEqual([...stageNames].sort());
  });

  test('every state with an automatic transition is one of theirs', () => {
    const people = ['approve', 'decline', 'fail', 'retry', 'abandon', 'undo', 'restore', 'move', 'relink', 'cancel'];
    const moving = Object.entries(transitions)
      .filter(([state, events]) => state === 'undoing' || Object.keys(events).some((event) => !people.includes(event))) // an undo is requested and carried out under one name
      .map(([state]) => state);
    expect(moving.sort()).toEqual([...workStates].sort());
  });
});
