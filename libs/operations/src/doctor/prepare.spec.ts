import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planPreparations } from './prepare';

it('marks the archive of the older tool only if something is in it: an empty one may be a mount point', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-prepare-'));
  try {
    for (const name of ['OMERO', 'main', 'old']) mkdirSync(join(dir, name));
    const stores = {
      main: { kind: 'file', directory: join(dir, 'main') },
      old: { kind: 'older', directory: join(dir, 'old') },
    };
    writeFileSync(join(dir, 'stores'), JSON.stringify({ default: 'main', stores }));
    const marked = async (): Promise<readonly (string | undefined)[]> =>
      (await planPreparations(join(dir, 'OMERO'), [], join(dir, 'stores'))).map(({ markerName }) => markerName);
    expect(await marked()).toEqual(['main']);
    mkdirSync(join(dir, 'old/OMERO'));
    expect(await marked()).toEqual(['main', 'old']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
