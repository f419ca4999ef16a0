import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '@coldroom/domain';
import { ContainerAnswers } from './container-answers';
import { Scene } from './testing/scene';

let scene: Scene;
let answers: ContainerAnswers;
beforeAll(async () => {
  scene = await Scene.create('container_answers');
  answers = new ContainerAnswers(scene.omero, scene.register, scene.log);
  answers.onApplicationBootstrap();
});
afterAll(async () => {
  await answers.beforeApplicationShutdown();
  await scene.close();
});

async function answerTo(container: Container) {
  await scene.register.containers.ask([container], 0);
  for (;;) {
    const [answer] = await scene.register.containers.answers([container]);
    if (answer) return answer;
    await sleep(50);
  }
}

test('what is in a dataset is answered while no scan runs, and so is that there is none', async () => {
  const { imageIds } = await scene.add([{ files: [{ name: 'a.tif', size: 20 }], images: 2 }]);
  const id = await scene.row('dataset', { name: 'cells' });
  for (const child of imageIds) await scene.row('datasetimagelink', { parent: id, child });
  expect(await answerTo({ kind: 'Dataset', id })).toEqual({
    kind: 'Dataset',
    id,
    name: 'cells',
    imageIds: imageIds.map(BigInt),
    code: null,
    reason: null,
  });
  expect(await answerTo({ kind: 'Screen', id: 987_654n })).toMatchObject({ name: null, imageIds: [], code: null });
});

test('whoever waits reads why OMERO could not be read, and the next answer is right again', async () => {
  const container = { kind: 'Plate', id: 1n } as const;
  await scene.sql('ALTER TABLE plate RENAME TO plate_away');
  try {
    expect(await answerTo(container)).toMatchObject({ code: 'OMERO_SCHEMA_UNKNOWN', reason: expect.any(String) });
  } finally {
    await scene.sql('ALTER TABLE plate_away RENAME TO plate');
  }
  expect(await answerTo(container)).toMatchObject({ code: null });
});
