import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { markerName, writeMarker } from '@coldroom/files';
import { auditCommand, type AuditDocument } from './testing/audit-command';
import { AuditScene } from './testing/audit-scene';
import { coldroom, json } from './testing/command-line';

let scene: AuditScene;
beforeAll(async () => {
  scene = await AuditScene.create('cli_moved');
  await scene.archive('main', [3, 2]);
});
afterAll(() => scene.close());

const clean = async (changes: Record<string, string>): Promise<void> => {
  const ended = await auditCommand(scene, [], changes);
  expect(json<AuditDocument>(ended)).toMatchObject({ clean: true, notLookedAt: [], looked: { files: 5, held: 5 } });
};

test("OMERO's data directory may move: after a change of the setting nothing is wrong", async () => {
  const elsewhere = `${scene.dataDir}-elsewhere`;
  renameSync(scene.dataDir, elsewhere);
  try {
    await clean({ OMERO_DATA_DIR: elsewhere });
  } finally {
    renameSync(elsewhere, scene.dataDir);
  }
});

test('a new hold directory may come first: what is held is found in the old one', async () => {
  const hold = join(scene.dir, 'new-hold');
  mkdirSync(hold, { mode: 0o700 });
  await writeMarker(hold, 'hold');
  await clean({ COLDROOM_HOLD_DIRS: `${hold}:${scene.hold}` });
});

test('the held originals may move with their directory', async () => {
  const hold = join(scene.dir, 'moved-hold');
  renameSync(scene.hold, hold);
  try {
    await clean({ COLDROOM_HOLD_DIRS: hold });
  } finally {
    renameSync(hold, scene.hold);
  }
});

test('another store under the same path is refused by the name in its marker, and not written to', async () => {
  const { main } = (
    JSON.parse(readFileSync(scene.storesFile, 'utf8')) as { stores: Record<string, { directory: string }> }
  ).stores;
  const directory = main!.directory;
  renameSync(directory, `${directory}-away`);
  try {
    mkdirSync(directory);
    await writeMarker(directory, 'archive');
    const marker = readFileSync(join(directory, markerName));
    const ended = await coldroom(['relink', '--store', 'main', '--dry-run'], scene.env);
    expect([ended.code, ended.stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining(
        `The store main is unavailable. The root ${directory} is not there: its marker says "archive", not "main".`,
      ),
    ]);
    expect(ended.code).not.toBe(0);
    expect(readFileSync(join(directory, markerName))).toEqual(marker);
  } finally {
    rmSync(directory, { recursive: true });
    renameSync(`${directory}-away`, directory);
  }
});
