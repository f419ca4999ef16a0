import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Imports, importRootMarker } from '@coldroom/buffers';
import { dropCache, Files, writeMarker } from '@coldroom/files';
import { SourcePlaces } from '../source/places';
import { SyncStage } from '../source/sync.stage';
import { SourceScene, stageWork } from './source-scene';

const hour = 3_600_000;

/** Seconds that the importer needs to copy a set below an import root and to prove the copies; the files are out of memory. */
async function timeSync(source: string): Promise<number> {
  const scene = await SourceScene.make();
  const files = new Files({ threads: 2 });
  try {
    const root = join(scene.dir, 'import-root');
    mkdirSync(root);
    await writeMarker(root, importRootMarker('main'));
    scene.configure({ sync: root });
    execFileSync('cp', ['-al', source, join(scene.buffer, 'set')]);
    const id = await scene.verified('set', 'upload', { upTo: 'hashed' });
    execFileSync('sync');
    forget(source);
    const { imports } = scene.register;
    const stage = new SyncStage(
      files,
      scene.register,
      new SourcePlaces(new Imports(scene.importsSettings(), '/nowhere')),
    );
    const claim = await imports.claims.claim(id, stage.takes, 'bench', hour);
    if (!claim) throw new Error('the order is not due');
    const start = process.hrtime.bigint();
    await stage.run(claim, stageWork());
    return Number(process.hrtime.bigint() - start) / 1e9;
  } finally {
    await files.close();
    await scene.close();
  }
}

function forget(directory: string): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const fd = openSync(join(entry.parentPath, entry.name), 'r');
    dropCache(fd);
    closeSync(fd);
  }
}

/** A program: `node time-sync.js SOURCE`, with TEST_POSTGRES_URL, and TMPDIR on the file system of the source. */
if (require.main === module)
  timeSync(process.argv[2] as string).then(
    (seconds) => console.log(seconds),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
