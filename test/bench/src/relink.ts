import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { relinkCases, writeSources, type FileCase } from './cases';
import { seconds } from './peers';
import { Pipeline, writeStores } from './pipeline';
import { cpuSeconds, peakMemory, sayUsed, type Used } from './processes';
import { fileStore } from './stores';

/** What it takes to lead the links of a store to where its directory is now; it has no peer. */
export async function runRelink(top: string, scale: number): Promise<void> {
  for (const [at, each] of relinkCases(scale).entries()) {
    console.log(`\nrelink: ${each.what}`);
    const { time, used } = await timeRelink(join(top, String(at)), each);
    console.log(`  coldroom   ${time.toFixed(2)} s`);
    sayUsed(used);
  }
}

async function timeRelink(
  dir: string,
  files: FileCase,
): Promise<{ readonly time: number; readonly used: readonly Used[] }> {
  const source = join(dir, 'OMERO', 'ManagedRepository');
  await mkdir(source, { recursive: true });
  const sources = await writeSources(source, files);
  const pipeline = await Pipeline.open(dir, await fileStore(dir));
  try {
    await pipeline.start(['checksum', 'transfer', 'ingest-watcher', 'linker']);
    await pipeline.archive(await pipeline.request(sources));
    await pipeline.stop();

    const directory = join(dir, 'moved');
    await rename(join(dir, 'store'), directory);
    await writeStores(dir, { settings: { kind: 'file', directory, sameFileSystem: true } });
    await pipeline.start(['linker']);
    const command = pipeline.command('relink', '--store', 'bench', '--yes');
    const used = new Map<number, Used>();
    const processes = [command, ...pipeline.running];
    const watch = setInterval(() => processes.forEach(({ name, pid }) => note(used, name, pid)), 50);
    const time = await seconds(async () => {
      const { code } = await command.exited;
      if (code !== 0) throw new Error(`relink ended with ${code}:\n${command.lines.slice(-5).join('\n')}`);
    });
    clearInterval(watch);
    return { time, used: [...used.values()] };
  } finally {
    await pipeline.close();
  }
}

function note(used: Map<number, Used>, name: string, pid: number): void {
  try {
    const peakBytes = Math.max(peakMemory(pid), used.get(pid)?.peakBytes ?? 0); // 0 of a process that is ending
    used.set(pid, { name, peakBytes, cpuSeconds: cpuSeconds(pid) });
  } catch {
    // The process has ended; the last look counts.
  }
}
