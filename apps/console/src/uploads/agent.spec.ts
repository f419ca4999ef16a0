import { readFileSync, statSync } from 'node:fs';
import { AgentScene, listing } from '../testing/agent-scene';

let scene: AgentScene;
beforeAll(async () => {
  scene = await AgentScene.start('agent');
});
afterAll(() => scene.stop());

test('a set is sent over HTTPS, arrives whole, is ordered once, and freed only after the proof', async () => {
  scene.file('day 1/a.tif', Buffer.alloc(300_000, 7));
  scene.file('day 1/sub/b.tif');
  scene.file('day 1/sub-2.tif', 'more');
  scene.file(Buffer.from('day 1/\xff -x \n\\.tif', 'latin1'), 'odd');
  const before = await listing(scene.data('day 1'));
  const sent = await scene.send('day 1', '--json');
  expect(sent).toMatchObject({ code: 0, stderr: expect.stringMatching(/^\S+ ordered: import 1\n$/) });
  expect(JSON.parse(sent.stdout)).toMatchObject({ phase: 'ordered', order: '1', files: 4 });
  expect(await listing(scene.buffer('alice/scope/day 1'))).toEqual(before);
  expect(statSync(scene.buffer('alice/scope/day 1/a.tif')).mode & 0o777).toBe(0o640);
  expect(await scene.orders()).toEqual([
    { display: scene.buffer('alice/scope/day 1'), state: 'ordered', ordered_by: 'token:scope' },
  ]);
  expect(scene.front.sent).toBe(300_000 + 6 + 4 + 3);

  await scene.send('day 1');
  expect(await scene.orders()).toHaveLength(1);
  expect(scene.front.sent).toBe(300_013);

  const waiting = scene.begin(...scene.sending('day 1'), '--remove');
  const early = await Promise.race([waiting.ended, new Promise((resolve) => setTimeout(resolve, 1500, 'waits'))]);
  expect(early).toBe('waits');
  expect(await listing(scene.data('day 1'))).toEqual(before);
  waiting.process.kill();
  await waiting.ended;
  await scene.prove();
  expect(await scene.run(...scene.sending('day 1'))).toMatchObject({ code: 0 });
  expect(await listing(scene.data('day 1'))).toEqual(before);
  expect((await scene.run('status')).stdout).toMatch(/day 1: proven: import 1 done/);
  expect(readFileSync(scene.data('day 1/a.tif')).length).toBe(300_000);
});
