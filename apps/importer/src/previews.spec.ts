import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { omeroCommand } from '@coldroom/omero-server';
import { migrate, Register, type PreviewAnswer } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Previews } from './previews';
import { Scene, script } from './testing/scene';

const command = omeroCommand();
let scene: Scene;
let register: Register;
let imports: Imports;
let previews: Previews;
const at = (...names: string[]): string => join(scene.dir, 'buffer', ...names);
const settingsOf = (change: object = {}) => ({
  omero: { ...scene.settings, ...change },
  depth: 4,
  worker: 'importer@here',
});

function write(set: string, ...names: string[]): Buffer {
  for (const name of names) {
    const path = at('alice', set, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, name);
  }
  return Buffer.from(at('alice', set));
}

/** Of a process; `Z` has ended. */
function stateOf(pid: string): string {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) ? (readFileSync(path, 'utf8').split(') ')[1]?.[0] ?? '') : 'gone';
}

async function answerTo(source: Buffer, by = previews): Promise<PreviewAnswer | undefined> {
  await register.imports.previews.ask(source, 60_000);
  expect(await by.round()).toBe('again');
  return (await register.imports.previews.state(source)).answer;
}

(command ? describe : describe.skip)('previews with the real omero and a stand-in for Java', () => {
  beforeAll(async () => {
    scene = await Scene.make(command!);
    const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'previews', { existing: 'drop' });
    await migrate(url);
    register = new Register(url);
    mkdirSync(at('alice'), { recursive: true });
    await writeMarker(at(), bufferMarker('main'));
    imports = new Imports(parseImports({ buffers: { main: { directory: at() } } }), join(scene.dir, 'OMERO'));
    previews = new Previews(register, imports, settingsOf(), new Log('test', 'error'));
  }, 60_000);
  afterAll(async () => {
    await register.close();
    await scene.stop();
  });

  it('answers how the files are grouped, and what is left out', async () => {
    const source = write('set', 'a_1.ome.tif', 'a_2.ome.tif', 'sub/b.tif', 'notes.txt');
    symlinkSync('sub/b.tif', at('alice', 'set', 'link.txt'));
    const answer = await answerTo(source);
    expect(answer).toMatchObject({ code: null, preview: { files: 5, filesetCount: 2, refusedCount: 2 } });
    expect(new Set(answer?.preview?.refused)).toEqual(
      new Set([
        { name: 'link.txt', code: 'NOT_A_REGULAR_FILE' },
        { name: 'notes.txt', code: 'IMPORT_LEFT_OUT' },
      ]),
    );
    expect(answer?.preview?.filesets.map(({ name, files }) => [name, files]).sort()).toEqual([
      ['a_1.ome.tif', 2],
      ['sub/b.tif', 1],
    ]);
    expect(await scene.value('SELECT count(*)::integer FROM fileset')).toBe(0);
  });

  it('answers for one file', async () => {
    write('one', 'x.tif');
    expect(await answerTo(Buffer.from(at('alice', 'one', 'x.tif')))).toMatchObject({
      preview: { files: 1, bytes: 5n, filesets: [{ name: 'x.tif', files: 1 }], refused: [] },
    });
  });

  it('names what the importer cannot read, and does not group the rest', async () => {
    const source = write('names', 'a.tif', 'b\nc.tif');
    writeFileSync(Buffer.concat([source, Buffer.from('/'), Buffer.from([0xff])]), '');
    const { preview } = (await answerTo(source))!;
    expect(preview).toMatchObject({ files: 3, filesetCount: 0, refusedCount: 2 });
    expect(preview?.refused.map(({ name }) => name).sort()).toEqual(['\\xff', 'b\\x0ac.tif']);
  });

  it('answers why it cannot say it', async () => {
    expect(await answerTo(write('none', 'a.txt'))).toMatchObject({ code: 'IMPORT_NOTHING_FOUND', preview: null });
    expect(await answerTo(Buffer.from(at('alice', 'gone')))).toMatchObject({ code: 'IMPORT_SOURCE_GONE' });
    expect(await answerTo(Buffer.from('/etc/passwd'))).toMatchObject({ code: 'IMPORT_SOURCE_OUTSIDE' });
    const broken = new Previews(register, imports, settingsOf({ command: '/none' }), new Log('test', 'error'));
    expect(await answerTo(write('broken', 'a.tif'), broken)).toMatchObject({ code: 'OMERO_COMMAND_MISSING' });
  });

  it('gives the question back when it ends, and leaves no process', async () => {
    const slow = script(scene.dir, 'slow', `sleep 60 & echo $! > ${scene.dir}/child; wait`);
    const ending = new Previews(register, imports, settingsOf({ command: slow }), new Log('test', 'error'));
    const source = write('slow', 'a.tif');
    await register.imports.previews.ask(source, 60_000);
    ending.onApplicationBootstrap();
    for (let tries = 0; !(await register.imports.previews.state(source)).isTaken && tries < 100; tries += 1)
      await sleep(50);
    await sleep(300);
    const child = readFileSync(join(scene.dir, 'child'), 'utf8').trim();
    expect(stateOf(child)).toBe('S');
    await ending.beforeApplicationShutdown();
    expect(['gone', 'Z']).toContain(stateOf(child));
    expect(await register.imports.previews.state(source)).toEqual({ answer: undefined, isTaken: false });
    expect(await answerTo(source)).toMatchObject({ preview: { files: 1 } });
  });

  it('changes nothing in the buffer', () => {
    expect(readdirSync(at()).sort()).toEqual(['.coldroom-root', 'alice']);
    expect(existsSync(at('alice', 'set', 'link.txt'))).toBe(true);
  });
});
