import { Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('notifier');
});
afterAll(() => scene.close());

test('an approval becomes one mail to the requester and one to the owner', async () => {
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  const notifier = scene.start();
  await scene.settled(2);
  expect(scene.smtp.accepted.map(({ to }) => to).sort()).toEqual([['alice@example.org'], ['olga@example.org']]);
  const [mail] = scene.smtp.accepted;
  expect(mail?.headers.get('subject')).toBe(`[Coldroom] Request ${id} is approved`);
  expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
  expect(mail?.text).toContain(`https://facility.example.org/coldroom/requests/${id}`);
  expect(await notifier.stop(10_000)).toMatchObject({ signal: 'SIGTERM' });
});
