import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoints } from '@coldroom/domain';
import { Scene } from './testing/scene';

const mailPoints = crashPoints.filter((name) => name.startsWith('mail:'));
/** Reached only where someone wants one mail a day; digests.spec.ts kills there. */
const ofDigests = 'mail:6-digested';
/** After the server's answer, before it is recorded: the mail has arrived, and is not sent again. */
const unsureAt = 'mail:4-accepted';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('crashes');
});
afterAll(() => scene.close());
beforeEach(() => {
  scene.smtp.accepted.length = 0;
});
afterEach(async () => {
  await scene.killAll();
  await scene.sql.query('DELETE FROM mail');
});

const perPoint = mailPoints
  .filter((name) => name !== ofDigests)
  .flatMap((name) => (name === 'mail:1-queued' ? [name] : [name, `${name}:2`]));

test('every crash point of mail in the code is one at which a notifier is killed, and the other way round', () => {
  const root = join(__dirname, '..', '..', '..');
  const files = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.spec.ts'));
  const inCode = files.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/crashPoint\('(mail[^']*)'\)/g)].map(([, name]) => name),
  );
  expect([...new Set(inCode)].sort()).toEqual([...mailPoints].sort());
  expect([...new Set(perPoint.map((name) => name.replace(/:2$/, ''))), ofDigests].sort()).toEqual(
    [...mailPoints].sort(),
  );
  expect(readFileSync(join(__dirname, 'digests.spec.ts'), 'utf8')).toContain(`'${ofDigests}'`);
});

test.each(perPoint)('killed at %s: no mail is lost and none is sent twice', async (crashPoint) => {
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  const killed = scene.start({ COLDROOM_CRASH_AT: crashPoint, COLDROOM_CONCURRENCY: '1' });
  expect(await killed.exited).toMatchObject({ signal: 'SIGKILL' });
  scene.start();
  const unsure = crashPoint.startsWith(unsureAt) ? 1 : 0;
  await scene.settled(2 - unsure, { unsure });
  const ids = scene.smtp.accepted.map(({ headers }) => headers.get('message-id'));
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(2);
});

test('a notifier that freezes before the last byte hands nothing over when it wakes', async () => {
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  const frozen = scene.start({ COLDROOM_FREEZE_AT: 'mail:3-all-but-the-end' });
  await scene.until('the notifier to freeze', async () => {
    const counts = await scene.register.outbox.counts();
    return counts.sending > 0 && counts.waiting === 0 ? true : undefined;
  });
  scene.start();
  await scene.settled(2);
  process.kill(frozen.pid, 'SIGCONT');
  await scene.until('the frozen one to notice', () =>
    scene.lines.some((line) => line.includes('mail left alone')) ? true : undefined,
  );
  expect(scene.smtp.accepted).toHaveLength(2);
});

test('two notifiers share the mails, and each is sent once', async () => {
  scene.start();
  scene.start();
  for (let nr = 0; nr < 10; nr += 1) await scene.register.requests.approve(await scene.request(), 'dora');
  await scene.settled(20);
  expect(new Set(scene.smtp.accepted.map(({ headers }) => headers.get('message-id'))).size).toBe(20);
  expect(scene.smtp.accepted).toHaveLength(20);
});
