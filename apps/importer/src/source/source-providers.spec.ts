import { Test } from '@nestjs/testing';
import { Imports, parseImports } from '@coldroom/buffers';
import { importStates } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { Register } from '@coldroom/register';
import { LOOK_IN_OMERO } from './in-omero';
import { sourceProviders, sourceStages } from './source-providers';

const files = new Files({ threads: 1 });
afterAll(() => files.close());

it('are made from what the importer provides, and no two take the same state', async () => {
  const imports = new Imports(parseImports({ buffers: { main: { directory: '/buffer' } } }), '/nowhere');
  const module = await Test.createTestingModule({
    providers: [
      ...sourceProviders({ stableMs: 0, removalStopped: async () => false }),
      { provide: Files, useValue: files },
      { provide: Register, useValue: null },
      { provide: Imports, useValue: imports },
      { provide: LOOK_IN_OMERO, useValue: async () => undefined },
    ],
  }).compile();
  const stages = sourceStages.map((stage) => module.get<InstanceType<(typeof sourceStages)[number]>>(stage));
  const taken = stages.flatMap(({ takes }) => [...takes]);
  expect(new Set(taken).size).toBe(taken.length);
  expect(taken.filter((state) => !importStates.includes(state))).toEqual([]);
});
