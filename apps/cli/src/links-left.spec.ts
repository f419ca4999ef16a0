import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { audit, Report } from '@coldroom/operations';
import { omeroPython } from '@coldroom/omero-server';
import type { TinyOmero } from '@coldroom/sample-omero';
import { AuditScene } from './testing/audit-scene';

/**
 * OMERO's own code, on this data directory. Its question to the server, which of some ids exist, is answered with what the
 * database has.
 */
const program = `
import sys
from omero.rtypes import rlong
from omero.util.cleanse import cleanse_dir, fixpyramids
command, data_dir, existing = sys.argv[1], sys.argv[2], sys.argv[3:]
class Server:
    isAdmin = True
    def projection(self, query, parameters, context):
        return [[rlong(i.val)] for i in parameters.map["ids"].val if query.split()[3] + str(i.val) in existing]
    def getEventContext(self): return self
    def getVersion(self): return "5.6.0"
if command == "cleanse":
    for directory in ("Pixels", "Files"): print(cleanse_dir(data_dir, directory, False, False, Server()))
else:
    fixpyramids(data_dir, Server(), False, Server(), Server())
`;

let scene: AuditScene;
let python: string | undefined;
let deleted: bigint;
let kept: bigint;
let neverArchived: bigint;

beforeAll(async () => {
  python = omeroPython();
  scene = await AuditScene.create('cli_links_left');
  const { user, managedUuid } = (await scene.request([1])).tiny;
  const legacy = async (): Promise<{ readonly image: number; readonly pixels: bigint }> => {
    const [owner, group] = [user.id, user.groupId];
    const common = `-120, 0, 0, 0, ${owner}, ${group}`;
    const columns = 'id, permissions, version, creation_id, update_id, owner_id, group_id';
    const [image] = await scene.sql(
      `INSERT INTO image (${columns}, name, series) VALUES (ome_nextval('seq_image'), ${common}, 'of OMERO 4', 0) RETURNING id`,
    );
    const [pixels] = await scene.sql(
      `INSERT INTO pixels (${columns}, image, image_index, sha1, sizex, sizey, sizez, sizec, sizet, dimensionorder, pixelstype)
       VALUES (ome_nextval('seq_pixels'), ${common}, ${image!['id']}, 0, 'x', 1, 1, 1, 1, 1, 1, 1) RETURNING id`,
    );
    await writeFile(join(scene.dataDir, 'Pixels', String(pixels!['id'])), 'pixels of OMERO 4');
    return { image: Number(image!['id']), pixels: BigInt(pixels!['id']) };
  };
  const [one, two, three] = [await legacy(), await legacy(), await legacy()];
  [deleted, kept, neverArchived] = [one.pixels, two.pixels, three.pixels];
  const marked: TinyOmero = { user, managedUuid, imageIds: [one.image, two.image], filesets: [] };
  const requestId = await scene.mark(marked);
  await scene.carryOut(requestId, 'tape');
  await scene.release(requestId);
  // As OMERO does: its rows go, and it leaves a link that leads nowhere.
  await scene.sql('DELETE FROM pixels WHERE id = $1', [deleted]);
  await scene.sql('DELETE FROM imageannotationlink WHERE parent = $1', [one.image]);
  await scene.sql('DELETE FROM image WHERE id = $1', [one.image]);
}, 300_000);
afterAll(() => scene.close());

const at = (pixels: bigint): string => join(scene.dataDir, 'Pixels', String(pixels));

async function audited(fix = false): Promise<Report> {
  const report = new Report(100);
  const { register, omero, stores, files, dataDir, hold } = scene;
  await audit(
    { register, omero, stores, files, dataDir, holds: [hold] },
    { fix, store: undefined, progress: () => undefined },
    report,
  );
  return report;
}
const left = (report: Report) => report.findings().get('LINK_LEFT');

async function omeroAdmin(
  command: 'cleanse' | 'fixpyramids',
): Promise<{ readonly status: number | null; readonly text: string }> {
  const ids = (
    await scene.sql("SELECT 'Pixels' || id AS id FROM pixels UNION SELECT 'OriginalFile' || id FROM originalfile")
  ).map(({ id }) => String(id));
  const { status, stdout, stderr } = spawnSync(python!, ['-c', program, command, scene.dataDir, ...ids], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, text: stdout + stderr };
}

const withOmero = (name: string, test_: () => Promise<void>): void => {
  test(name, async () => {
    if (python === undefined) return process.stderr.write(`SKIPPED: ${name}\n`) as unknown as void;
    await test_();
  });
};

withOmero("OMERO's cleanse and fixpyramids fail at a link that a deleted image left", async () => {
  const cleansed = await omeroAdmin('cleanse');
  expect(cleansed).toMatchObject({ status: 1, text: expect.stringContaining('FileNotFoundError') });
  expect(cleansed.text).toContain(at(deleted));
  // It looks at every file, so that links of images which exist stop it, too.
  expect(await omeroAdmin('fixpyramids')).toMatchObject({
    status: 1,
    text: expect.stringContaining('FileNotFoundError'),
  });
});

test('an audit names the link, and only that of the deleted image', async () => {
  const report = await audited();
  expect(left(report)).toMatchObject({
    total: 1,
    shown: [{ path: `Pixels/${deleted}`, remedy: 'coldroom audit --fix' }],
  });
  expect(lstatSync(at(deleted)).isSymbolicLink()).toBe(true);
});

test('what is not our link is not removed, whatever is there', async () => {
  const ours = readlinkSync(at(deleted));
  await rename(at(deleted), `${at(deleted)}.aside`);
  await symlink('/elsewhere', at(deleted));
  expect(left(await audited(true))).toBeUndefined();
  expect(readlinkSync(at(deleted))).toBe('/elsewhere');
  await unlink(at(deleted));
  await rename(`${at(deleted)}.aside`, at(deleted));
  expect(readlinkSync(at(deleted))).toBe(ours);
});

test('--fix removes the link, and nothing else; the copy stays', async () => {
  const report = await audited(true);
  expect(left(report)).toMatchObject({ total: 1, repaired: 1 });
  expect(() => lstatSync(at(deleted))).toThrow('ENOENT');
  expect(lstatSync(at(kept)).isSymbolicLink()).toBe(true);
  expect(existsSync(at(neverArchived))).toBe(true);
  expect(left(await audited(true))).toBeUndefined();
  const copies = (await audited()).findings();
  expect([...copies.keys()]).toEqual(['IMAGE_DELETED']);
});

withOmero("then OMERO's cleanse ends, and leaves all links of images that exist alone", async () => {
  expect(await omeroAdmin('cleanse')).toMatchObject({ status: 0, text: expect.stringContaining('0 files') });
  expect(lstatSync(at(kept)).isSymbolicLink()).toBe(true);
  expect(existsSync(at(neverArchived))).toBe(true);
  expect(existsSync(join(scene.dataDir, 'Pixels', '.coldroom-root'))).toBe(true);
});

withOmero('fixpyramids still fails while images are archived to a store that links do not reach', async () => {
  const { status, text } = await omeroAdmin('fixpyramids');
  expect([status, text]).toEqual([1, expect.stringContaining(at(kept))]);
});
