import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '@coldroom/pipeline';
import type { Workbench } from '@coldroom/pipeline/testing';
import { archive, settingsOf, workbench } from './testing/archived';
import { coldroom, json, type Ended } from './testing/command-line';

let bench: Workbench;
let env: Record<string, string>;
let moved: string;
let runs = 0;
beforeEach(async () => {
  runs += 1;
  bench = await workbench(`relink${runs}`);
  env = await settingsOf(bench);
  moved = `${bench.storeDir}-new`;
  await archive(bench, { 'Fileset:1': ['a', 'b'].map((path) => ({ path, content: `content of ${path}` })) });
  await archive(bench, { 'Fileset:2': [{ path: 'c', content: 'content of c' }] }, 'released');
});
afterEach(async () => {
  rmSync(moved, { recursive: true, force: true });
  await bench.close();
});

const relink = (...words: string[]): Promise<Ended> => coldroom(['relink', '--store', 'main', ...words], env);
const linkOf = (path: string): string => readlinkSync(join(bench.dataDir, 'ManagedRepository', path));

/** The stores file names the new directory. */
function nameNewDirectory(): void {
  const file = env['COLDROOM_STORES']!;
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"${bench.storeDir}"`, `"${moved}"`));
}

/** What the linker does with links, without its care. */
const lead = (): Stage => ({
  name: 'move-link',
  takes: 'moveSealed',
  run: async ({ files, relinkFrom }) => {
    for (const { path } of files) {
      const at = join(bench.dataDir, 'ManagedRepository', path.toString());
      const target = readlinkSync(at);
      expect(target.startsWith(`${relinkFrom}/`)).toBe(true);
      unlinkSync(at);
      symlinkSync(target.replace(relinkFrom!, moved), at);
    }
    return { transitions: files.map(({ id }) => ({ id, event: 'moveLink', from: 'moveSealed', to: 'linked' })) };
  },
});

async function ledBy(ended: Promise<Ended>, bags: number): Promise<Ended> {
  for (let done = 0; done < bags;) {
    if ((await bench.register.claims.due(['moveSealed'], 1)).length > 0) {
      await bench.run(lead());
      done += 1;
    } else await sleep(50);
  }
  return ended;
}

describe('coldroom relink', () => {
  it('shows where the links lead, and leads them to the directory in which the store is now', async () => {
    renameSync(bench.storeDir, moved);
    nameNewDirectory();
    const shown = await relink('--dry-run');
    expect(shown).toMatchObject({
      code: 0,
      stdout: `Store main is at ${moved}. 0 links already lead there.\n3 links lead into ${bench.storeDir}.\n`,
    });
    expect(linkOf('a')).toMatch(`${bench.storeDir}/`);
    expect((await relink()).code).toBe(2); // there is no one to ask

    const ended = await ledBy(relink('--yes', '--json'), 2);
    expect(json(ended)).toMatchObject({ asked: 3, stuck: 0, elsewhere: { [bench.storeDir]: 3 }, kept: {} });
    for (const path of ['a', 'b', 'c']) {
      expect(linkOf(path)).toMatch(`${moved}/`);
      expect(readFileSync(join(bench.dataDir, 'ManagedRepository', path), 'utf8')).toBe(`content of ${path}`);
      expect((await bench.file(path)).state).toBe('linked');
    }
    expect(await relink('--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('There is nothing to do.'),
    });
  });

  it('leads links to copies on another disk only after it has read them', async () => {
    execFileSync('cp', ['-a', bench.storeDir, moved]);
    nameNewDirectory();
    const kept = await relink('--yes', '--json');
    expect([kept.code, json(kept)]).toMatchObject([3, { asked: 0, kept: { COPY_CHANGED: 3 } }]);
    const ended = await ledBy(relink('--read', '--yes'), 2);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining(`3 links now lead to ${moved}.`) });
  });

  it('leaves out what is missing, damaged, or not our link, and says how much', async () => {
    execFileSync('cp', ['-a', bench.storeDir, moved]);
    const bagOfC = (await bench.file('c')).bag!;
    execFileSync('chmod', ['-R', 'u+w', moved]);
    rmSync(join(moved, bagOfC), { recursive: true });
    const copy = join(moved, (await bench.file('a')).bag!, 'data', 'ManagedRepository', 'a');
    writeFileSync(copy, 'CONTENT OF a');
    nameNewDirectory();
    unlinkSync(join(bench.dataDir, 'ManagedRepository', 'b'));
    const { code, stdout } = await relink('--read', '--yes', '--json');
    expect([code, json({ code, stdout, stderr: '' })]).toMatchObject([
      3,
      { asked: 0, notOurs: 1, kept: { COPY_MISSING: 1, COPY_DIFFERS: 1 }, missingBags: { names: [bagOfC], count: 1 } },
    ]);
    for (const path of ['a', 'c']) expect(linkOf(path)).toMatch(`${bench.storeDir}/`);
  });

  it('leaves out a bag of which another file is being worked on, and says so', async () => {
    const one = (path: string): { path: string; content: string }[] => [{ path, content: `content of ${path}` }];
    await archive(bench, { 'Fileset:3': one('d'), 'Fileset:4': one('e') });
    expect((await bench.file('d')).bag).toBe((await bench.file('e')).bag);
    await bench.register.retrievals.ask(
      { kind: 'Fileset', names: ['Fileset:4'] },
      { way: 'restore', days: 0 },
      'a tester',
    );
    renameSync(bench.storeDir, moved);
    nameNewDirectory();
    const ended = await relink('--yes', '--no-wait', '--json');
    expect([ended.code, json(ended)]).toMatchObject([3, { asked: 3, left: 2 }]);
    expect((await bench.file('d')).state).toBe('linked');
  });

  it('asks which directory is meant, and can be cancelled before a link is changed', async () => {
    renameSync(bench.storeDir, moved);
    nameNewDirectory();
    const at = join(bench.dataDir, 'ManagedRepository', 'c');
    const older = linkOf('c').replace(bench.storeDir, '/mnt/older');
    unlinkSync(at);
    symlinkSync(older, at);
    const asked = await relink('--yes');
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('/mnt/older')]);
    expect(await relink('--yes', '--no-wait', '--from', `${bench.storeDir}/`)).toMatchObject({
      code: 0,
      stdout: '2 links asked for.\n',
    });
    expect((await bench.file('a')).state).toBe('moveSealed');
    expect(await relink('--cancel')).toMatchObject({ code: 0, stdout: 'Stay as they are: 2 links.\n' });
    expect(await relink('--cancel', '--dry-run')).toMatchObject({ stdout: 'Would stay as they are: 0 links.\n' });
    expect((await bench.file('a')).state).toBe('moveSealed'); // until the linker has removed what it may have left
    expect(linkOf('a')).toMatch(`${bench.storeDir}/`);
  });
});
