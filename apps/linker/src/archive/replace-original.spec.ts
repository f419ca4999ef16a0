import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchiveFile } from '@coldroom/domain';
import { identify, openDirectory, openRoot, writeMarker, type Directory } from '@coldroom/files';
import type { Place } from '../paths/inspect';
import { clearTemp } from './replace-original';

describe('what comes out of a swap and is not held anywhere', () => {
  let top: string;
  let opened: readonly Directory[];
  let place: Place;
  let file: ArchiveFile;
  const contents = (): readonly string[] =>
    ['f', '.coldroom-1'].map((name) => readFileSync(join(top, 'tree', name), 'utf8'));

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-swap-'));
    for (const name of ['tree', 'hold']) {
      mkdirSync(join(top, name));
      await writeMarker(join(top, name), name);
    }
    writeFileSync(join(top, 'copy'), 'copy');
    symlinkSync(join(top, 'copy'), join(top, 'tree', 'f'));
    writeFileSync(join(top, 'tree', '.coldroom-1'), 'original');
    opened = await Promise.all(
      ['tree', 'hold'].map(async (name) => openDirectory(await openRoot(join(top, name), name), Buffer.alloc(0))),
    );
    place = {
      directory: opened[0]!,
      name: Buffer.from('f'),
      hold: opened[1]!,
      heldName: Buffer.from('1'),
      target: Buffer.from(join(top, 'copy')),
    };
    file = { identity: await identify(join(top, 'tree', '.coldroom-1')) } as ArchiveFile;
  });
  afterEach(async () => {
    for (const directory of opened) await directory.close();
    rmSync(top, { recursive: true });
  });

  test('returns to the path', async () => {
    await expect(clearTemp(place, file)).rejects.toMatchObject({ code: 'HOLD_MISSING' });
    expect([readFileSync(join(top, 'tree', 'f'), 'utf8'), await identify(join(top, 'tree', '.coldroom-1'))]).toEqual([
      'original',
      null,
    ]);
  });

  test('stays beside the path where another file appears at that very moment: neither is lost', async () => {
    let asked = 0;
    const directory = Object.create(place.directory, {
      at: {
        value: (name: Buffer) => {
          asked += Number(name.equals(place.name));
          if (asked === 2) {
            // after the check of the link, immediately before the exchange
            asked += 1;
            writeFileSync(join(top, 'new'), 'theirs');
            renameSync(join(top, 'new'), join(top, 'tree', 'f'));
          }
          return place.directory.at(name);
        },
      },
    }) as Directory;
    await expect(clearTemp({ ...place, directory }, file)).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(contents()).toEqual(['theirs', 'original']);
  });
});
