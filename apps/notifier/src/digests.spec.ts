import { lastTime } from '@coldroom/runtime';
import { archive, step } from './testing/progress';
import { alice, Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('digests');
});
afterAll(() => scene.close());
afterEach(async () => {
  await scene.killAll();
  scene.smtp.accepted.length = 0;
  await scene.sql.query('DELETE FROM mail');
});

const yesterday = `UPDATE mail SET created_at = now() - interval '1 day' WHERE state = 'gathered'`;
const subjects = (login: string): readonly (string | undefined)[] =>
  scene.smtp.accepted.filter(({ to }) => to[0] === `${login}@example.org`).map(({ headers }) => headers.get('subject'));

test('who wants one mail a day gets one, with a line for each; others get theirs at once', async () => {
  await scene.register.mailChoices.set(alice.id, 'daily');
  scene.start();
  const ids = [await scene.request(), await scene.request()];
  for (const id of ids) await scene.register.requests.approve(id, 'dora');
  await scene.settled(2, { gathered: 2 });
  expect([subjects('alice'), subjects('olga')]).toEqual([[], [expect.any(String), expect.any(String)]]);
  await scene.sql.query(yesterday);
  await scene.settled(3, { digested: 2 });
  expect(subjects('alice')).toEqual(['[Coldroom] 2 messages since your last digest']);
  const [digest] = scene.smtp.accepted.filter(({ to }) => to[0] === 'alice@example.org');
  for (const id of ids)
    expect(digest?.text).toContain(
      `- Request ${id} is approved\n  https://facility.example.org/coldroom/requests/${id}\n`,
    );
  expect(digest?.text.startsWith('https://facility.example.org/coldroom/me\n')).toBe(true);
});

test('who wants none gets none, except when the originals are removed', async () => {
  await scene.register.mailChoices.set(alice.id, 'none');
  scene.start();
  const id = await scene.request();
  const { register } = scene;
  await register.requests.approve(id, 'dora');
  await register.requests.start(id, 'main', (nr) => `digests-${id}-${nr}`, 'scanner');
  await archive(register);
  await scene.settled(2);
  expect([subjects('alice').length, subjects('olga').length]).toEqual([0, 2]);
  await step(register, 'linked');
  await scene.settled(4);
  expect(subjects('alice')).toEqual([`[Coldroom] Request ${id}: the originals are removed`]);
});

test('killed while a digest is made: nothing is lost, and it is sent once', async () => {
  await scene.register.mailChoices.set(alice.id, 'daily');
  const first = scene.start();
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  await scene.settled(1, { gathered: 1 });
  await first.kill();
  await scene.sql.query(yesterday);
  const killed = scene.start({ COLDROOM_CRASH_AT: 'mail:6-digested' });
  expect(await killed.exited).toMatchObject({ signal: 'SIGKILL' });
  await scene.settled(1, { gathered: 1 });
  scene.start();
  await scene.settled(2, { digested: 1 });
  expect(subjects('alice')).toEqual(['[Coldroom] 1 message since your last digest']);
});

test.each([
  ['2026-03-04T06:59:59', '2026-03-03T07:00:00'],
  ['2026-03-04T07:00:00', '2026-03-04T07:00:00'],
  ['2026-03-01T00:00:00', '2026-02-28T07:00:00'],
])('at %s it was last seven at %s', (now, last) => {
  expect(lastTime('07:00', new Date(now))).toEqual(new Date(last));
});
