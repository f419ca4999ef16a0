import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { omeroCommand } from '@coldroom/omero-server';
import { Scene, script } from '../testing/scene';
import type { OmeroLimits } from './limits';
import { runOmero } from './omero-command';

/** Of a process: proc_pid_stat(5). */
const niceOf = (pid: string): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
};
const ioOf = (pid: string): string => execFileSync('ionice', ['-p', pid], { encoding: 'utf8' }).trim();

test.each<[OmeroLimits | undefined, number, string, string]>([
  [{ nice: 7, io: 'low', javaMegabytes: 300 }, 7, 'best-effort: prio 7', '-Xmx300M'],
  [{ nice: 19, io: 'idle', javaMegabytes: 128 }, 19, 'idle', '-Xmx128M'],
  [{ nice: 0, io: 'normal', javaMegabytes: 1024 }, 0, ioOf(String(process.pid)), '-Xmx1024M'],
  [undefined, 0, ioOf(String(process.pid)), ''],
])('%j holds for the command and for what it starts', async (limits, nice, io, options) => {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-limits-'));
  try {
    const text = 'sh -c \'cat /proc/self/stat; ionice -p $$; echo "$JAVA_OPTS"\'';
    const rest = { path: process.env['PATH'] as string, host: '127.0.0.1', port: 1, clientDir: dir };
    const settings = { command: script(dir, 'omero', text), workDir: join(dir, 'work'), silenceMs: 30_000, ...rest };
    const { code, output } = await runOmero({ ...settings, ...(limits ? { limits } : {}) }, { args: [] });
    const [stat = '', ...others] = output.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])).toBe(niceOf('self') + nice);
    expect(others).toEqual(options === '' ? [io] : [io, options]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

const command = omeroCommand();
(command ? test : test.skip)('the Java that the real omero starts has them', async () => {
  const scene = await Scene.make(command!);
  try {
    scene.installed.misbehave({ do: 'hang', at: 'started' });
    const stop = new AbortController();
    const limits: OmeroLimits = { nice: 5, io: 'low', javaMegabytes: 777 };
    const running = runOmero(
      { ...scene.settings, limits },
      { args: ['import', `--clientdir=${scene.settings.clientDir}`, '-f', scene.file('a.tif')], signal: stop.signal },
    );
    const pid = await importerOf(scene.settings.workDir);
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    expect(words.filter((word) => word.startsWith('-Xmx')).at(-1)).toBe('-Xmx777M');
    expect(niceOf(pid)).toBe(niceOf('self') + 5);
    expect(ioOf(pid)).toBe('best-effort: prio 7');
    stop.abort();
    expect(await running).toMatchObject({ killed: 'aborted' });
  } finally {
    await scene.stop();
  }
});

/** The process of this worker that has the class of OMERO's importer among its words. */
async function importerOf(workDir: string): Promise<string> {
  for (let tries = 0; tries < 300; tries += 1) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const ours = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(workDir);
        if (ours && words.includes('ome.formats.importer.cli.CommandLineImporter')) return pid;
      } catch {
        // it has ended
      }
    await sleep(100);
  }
  throw new Error('no Java was started');
}
