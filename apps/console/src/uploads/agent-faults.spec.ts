import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crashPoints } from '@coldroom/domain';
import { AgentScene, listing } from '../testing/agent-scene';

const size = 4_000_000;
/** What is on its way when a connection ends, and is sent again. */
const onItsWay = 1_000_000;
const half = size / 2;

/** The last one on request: uploads.api.spec.ts has what it leaves. */
const all = process.env['COLDROOM_DRILLS'] === 'all';
const tried = crashPoints.filter((name) => name.startsWith('upload:') && (all || name !== 'upload:3-ordered'));

let scene: AgentScene;
let nr = 0;
let set: string;
let content: Buffer;
beforeAll(async () => {
  scene = await AgentScene.start('agent_faults');
});
afterAll(() => scene.stop());
beforeEach(() => {
  nr += 1;
  set = `set ${nr}`;
  content = randomBytes(size);
  scene.file(`${set}/a.tif`, content);
  scene.front.sent = 0;
  scene.front.target = scene.console.address;
  scene.settings({ rate: '3MB/s' });
});

/** Whole, once, with nothing left of how it came. */
async function expectArrived(sent = content): Promise<void> {
  expect(readFileSync(scene.buffer('alice/scope', set, 'a.tif')).equals(sent)).toBe(true);
  expect((await scene.orders()).filter(({ display }) => display.endsWith(set))).toHaveLength(1);
  expect(await listing(scene.buffer('.coldroom-locks'))).toEqual([]);
}

test('an agent that is killed in the middle of a file sends the rest when it starts again', async () => {
  const first = scene.begin(...scene.sending(set), '--no-wait');
  await scene.front.after(half);
  first.process.kill('SIGKILL');
  await first.ended;
  expect(existsSync(scene.buffer('alice/scope', set))).toBe(false);
  expect(await scene.send(set)).toMatchObject({ code: 0 });
  await expectArrived();
  expect(scene.front.sent).toBeLessThan(size + onItsWay);
});

test('a network that is cut costs only what was on its way', async () => {
  scene.front.cutAfter = half;
  const { code, stderr } = await scene.send(set);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/UPLOAD_INTERRUPTED.*Next attempt/) });
  await expectArrived();
  expect(scene.front.sent).toBeLessThan(size + onItsWay);
});

test('a console that is killed and started again continues with what it has', async () => {
  const other = await scene.otherConsole();
  const sending = scene.begin(...scene.sending(set), '--no-wait');
  await scene.front.after(half);
  await other.kill();
  await other.exited;
  scene.front.target = scene.console.address;
  expect(await sending.ended).toMatchObject({ code: 0 });
  await expectArrived();
  expect(scene.front.sent).toBeLessThan(size + onItsWay);
});

test('a byte that changed on its way is found, and the file is sent again', async () => {
  scene.front.damageNext = true;
  const { code, stderr } = await scene.send(set);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('UPLOAD_DAMAGED') });
  await expectArrived();
  expect(scene.front.sent).toBe(2 * size);
});

test('a file that changes while it is sent has its set sent from the start', async () => {
  const sending = scene.begin(...scene.sending(set), '--no-wait');
  await scene.front.after(half);
  appendFileSync(scene.data(`${set}/a.tif`), 'more');
  const { code, stderr } = await sending.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('changed while its set was sent') });
  await expectArrived(Buffer.concat([content, Buffer.from('more')]));
});

test('nothing is sent while the microscope acquires, also in the middle of a file', async () => {
  const lock = join(scene.dir, 'pc/lock');
  scene.settings({ rate: '3MB/s', acquiring: { file: 'lock' } });
  writeFileSync(lock, '');
  const sending = scene.begin(...scene.sending(set), '--no-wait');
  await sleep(1500);
  expect(scene.front.sent).toBe(0);
  rmSync(lock);
  await scene.front.after(half);
  writeFileSync(lock, '');
  await sleep(1000);
  const { sent } = scene.front;
  expect(sent).toBeLessThan(size);
  await sleep(1000);
  expect(scene.front.sent).toBe(sent);
  rmSync(lock);
  expect(await sending.ended).toMatchObject({ code: 0 });
  await expectArrived();
});

test.each(tried)('a console killed at %s leaves one set and one order', async (crashPoint) => {
  scene.file(`${set}/b/c.tif`);
  scene.settings();
  const other = await scene.otherConsole(crashPoint);
  const sending = scene.begin(...scene.sending(set), '--no-wait');
  expect(await other.exited).toMatchObject({ signal: 'SIGKILL' });
  scene.front.target = scene.console.address;
  expect(await sending.ended).toMatchObject({ code: 0 });
  await expectArrived();
  expect(await listing(scene.buffer('alice/scope', set))).toEqual(await listing(scene.data(set)));
});
