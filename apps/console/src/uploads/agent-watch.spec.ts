import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentScene, tokenOf } from '../testing/agent-scene';

let scene: AgentScene;
beforeAll(async () => {
  scene = await AgentScene.start('agent_watch');
  const rule = {
    directory: '../data',
    sets: '{person}/{name}',
    target: 'Dataset:name:{name}',
    settle: '1s',
    remove: '1s',
  };
  scene.settings({ watch: [rule] }, await tokenOf(scene.console, 'scope-2', ['alice', 'lea']));
});
afterAll(() => scene.stop());

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 40_000; !(await holds()); await sleep(200))
    if (Date.now() > end) throw new Error(`not in time: ${what}; ${JSON.stringify(await scene.records())}`);
}

const noteOf = async (name: string): Promise<string | null | undefined> =>
  (await scene.records()).find(({ shown }) => shown.endsWith(name))?.note;
const ordered = async (count: number): Promise<boolean> => (await scene.orders()).length === count;

test('complete sets are sent, and a copy goes only when all of it is proven and as it was sent', async () => {
  const odd = Buffer.from('alice/good/sub/\xff\n.tif', 'latin1');
  scene.file('alice/good/a.tif');
  scene.file(odd);
  scene.file('lea/left-out/a.tif');
  scene.file('lea/left-out/notes.txt');
  scene.file('alice/rewritten/a.tif');
  scene.file('alice/with-others/a.tif');
  scene.file('alice/moved/sub/a.tif');
  scene.file('alice/writing/a.tif.part');
  scene.file('alice/linked/a.tif');
  symlinkSync('/etc/hostname', scene.data('alice/linked/b.tif'));
  scene.file('olga/not-named/a.tif');
  const watch = scene.begin('watch');
  await until('five orders', () => ordered(5));
  renameSync(scene.data('alice/writing/a.tif.part'), scene.data('alice/writing/a.tif'));
  await until('a sixth order', () => ordered(6));
  renameSync(scene.data('alice/moved'), join(scene.dir, 'moved'));
  symlinkSync(join(scene.dir, 'moved'), scene.data('alice/moved'));
  await sleep(1500);
  expect(readdirSync(scene.data('alice')).toSorted()).toEqual([
    'good',
    'linked',
    'moved',
    'rewritten',
    'with-others',
    'writing',
  ]);
  expect(readdirSync(scene.buffer('lea/scope-2'))).toEqual(['left-out']);

  const rewritten = scene.data('alice/rewritten/a.tif');
  const times = join(scene.dir, 'times');
  execFileSync('cp', ['-p', rewritten, times]);
  writeFileSync(rewritten, 'PIXELS');
  execFileSync('touch', ['-r', times, rewritten]);
  writeFileSync(scene.data('alice/with-others/new.tif'), 'new');
  await scene.prove(`convert_from(f.path, 'LATIN1') <> 'notes.txt'`);
  await until(
    'the good ones are gone',
    async () => !existsSync(scene.data('alice/good')) && !existsSync(scene.data('alice/writing')),
  );
  await until('reasons', async () => /OTHER_FILES/.test((await noteOf('with-others')) ?? ''));
  await until('another reason', async () => /SET_ENTRY_KIND/.test((await noteOf('alice/moved')) ?? ''));
  expect(await noteOf('alice/rewritten')).toMatch(/CONTENT_DIFFERS: a.tif/);
  expect(await noteOf('left-out')).toMatch(/does not have all files/);
  expect(readFileSync(rewritten, 'utf8')).toBe('PIXELS');
  expect(readdirSync(scene.data('lea/left-out')).toSorted()).toEqual(['a.tif', 'notes.txt']);
  expect(readdirSync(scene.data('alice')).toSorted()).toEqual(['linked', 'moved', 'rewritten', 'with-others']);
  watch.process.kill();
  const { code, stderr } = await watch.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/SET_ENTRY_KIND.*b\.tif/) });
  expect(stderr).toMatch(/NOT_PERMITTED.*olga/);
  expect(stderr).toMatch(/with-others changed after it was sent/);
  expect(await ordered(6)).toBe(true);
  expect(readFileSync(join(scene.dir, 'moved/sub/a.tif'), 'utf8')).toBe('pixels');
});

test('a removal that was cut off is completed, and what is no longer the same comes back', async () => {
  for (const set of ['cut', 'cut-changed'])
    for (const name of ['a', 'b', 'c']) scene.file(`alice/${set}/${name}.tif`, set + name);
  const watch = scene.begin('watch');
  await until('two orders', () => ordered(8));
  await sleep(500);
  watch.process.kill('SIGKILL');
  await watch.ended;
  await scene.prove();
  const state = join(scene.dir, 'pc/state');
  for (const name of readdirSync(state).filter((each) => each.endsWith('.json'))) {
    const record = JSON.parse(readFileSync(join(state, name), 'utf8')) as { shown: string; phase: string };
    if (!/alice\/cut/.test(record.shown)) continue;
    writeFileSync(
      join(state, name),
      JSON.stringify({ ...record, phase: 'removing', provenAt: '2026-01-01T00:00:00Z' }),
    );
    rmSync(join(record.shown, 'a.tif'));
    renameSync(join(record.shown, 'b.tif'), join(record.shown, 'b.tif.coldroom-removing'));
  }
  writeFileSync(scene.data('alice/cut-changed/c.tif'), 'other');
  const again = scene.begin('watch');
  await until('the removal', async () => !existsSync(scene.data('alice/cut')));
  await until('a reason', async () => /SIZE_DIFFERS: c.tif/.test((await noteOf('cut-changed')) ?? ''));
  again.process.kill();
  await again.ended;
  expect(readdirSync(scene.data('alice/cut-changed')).toSorted()).toEqual(['b.tif', 'c.tif']);
});
