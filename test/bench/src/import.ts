import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres } from '@coldroom/local';
import { fileCases, writeSources } from './cases';
import { peersHere, timePeer } from './peers';
import { row, type Row } from './table';

const run = promisify(execFile);
const program = join(__dirname, '..', '..', '..', 'apps', 'importer', 'dist', 'testing', 'time-sync.js');

/** A buffer that OMERO's server cannot read is synced to one that it can, by us and by rsync. */
export async function runImport(top: string, scale: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  await mkdir(top, { recursive: true });
  const postgres = await startPostgres({ dir: join(top, 'servers') });
  try {
    for (const each of fileCases(scale)) {
      const source = join(top, each.name, 'set');
      await mkdir(source, { recursive: true });
      console.log(`\nimport ${each.name}: ${each.what} from a buffer to an import root`);
      await writeSources(source, each);
      for (const peer of peersHere(['rsync'], console.log)) {
        const time = await timePeer(peer, source, join(top, each.name, peer.name));
        console.log(`  ${peer.name.padEnd(10)} ${time.toFixed(2)} s`);
        const env = { ...process.env, TEST_POSTGRES_URL: postgres.url, TMPDIR: join(top, each.name) };
        const { stdout } = await run(process.execPath, [program, source], { env });
        const ours = Number(stdout);
        console.log(`  coldroom   ${ours.toFixed(2)} s`);
        rows.push(row(`import ${each.name}`, peer.name, ours, time));
      }
    }
  } finally {
    await postgres.stop();
  }
  return rows;
}
