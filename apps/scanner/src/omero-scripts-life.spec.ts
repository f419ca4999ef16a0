import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { omeroPython, type ScriptResult } from '@coldroom/omero-server';
import { RetrievalMarks } from './retrieval-marks';
import { ScriptScene } from './testing/script-scene';
import { move, untilPlaced, untilReleased } from './testing/transitions';

const python = omeroPython();
const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

(python ? describe : describe.skip)('what researchers do by scripts', () => {
  let at: ScriptScene;
  let buffer: string;

  beforeAll(async () => {
    buffer = mkdtempSync(join(tmpdir(), 'coldroom-buffer-'));
    for (const name of ['day 1', 'day 2', '.hidden']) mkdirSync(join(buffer, 'alice', name), { recursive: true });
    at = await ScriptScene.create('script_life', python as string, {
      groups: { lab: -40 },
      people: {
        alice: { group: 'lab' },
        lea: { group: 'lab', leader: true },
        boss: { group: 'lab', administrator: true },
      },
      config: { 'omero.client.coldroom.buffers': `${buffer},/no-such-buffer` },
    });
    await at.install('boss');
  });
  afterAll(async () => {
    await at.close();
    rmSync(buffer, { recursive: true });
  });

  const add = async (...filesets: ReturnType<typeof single>[]): Promise<readonly number[]> =>
    (await at.scene.add(filesets, { mark: false, omename: 'alice' })).imageIds;
  async function launch(
    login: string,
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    code = 0,
  ): Promise<ScriptResult & { readonly message: string }> {
    const result = await at.launch(login, name, { Data_Type: 'Image', ...inputs });
    expect(result).toMatchObject({ code, message: expect.any(String), ...(code === 0 ? { stderr: '' } : {}) });
    return result as ScriptResult & { readonly message: string };
  }
  const archived = async (ids: readonly number[]): Promise<void> => {
    await at.scene.omero.setArchived(
      ids.map((id) => ({ imageId: BigInt(id), groupId: 0n, requester: { id: 0n, name: 'root' } })),
    );
  };

  test('a dry run writes nothing; marking twice marks once; the note is in the request', async () => {
    const ids = await add(single('a.lif', 3), single('b.tif'));
    const inputs = { IDs: [ids[0], ids[3], 999_999], Description: 'a=b, 2 = 3', Reason: 'published', Expiry: 5 };
    const dry = await launch('alice', 'Archive_Images', { ...inputs, Dry_Run: true });
    expect(dry.message.split('\n')).toEqual([
      'Dry run, nothing was written. Marked for archiving: 2 images. Their filesets have files of 40 bytes.',
      '2 more images share these filesets and come along.',
      'Not done for image 999999: OMERO does not show it to you.',
    ]);
    expect(await at.scene.marksOf(ids[0]!)).toEqual([]);
    await launch('alice', 'Archive_Images', inputs);
    expect((await launch('alice', 'Archive_Images', inputs)).message).toContain('2 images were left as they are');
    expect(await at.scene.marksOf(ids[0]!)).toEqual(['ARCHIVE NOTE', 'TO-ARCHIVE']);
    // The note first: a scan between the two must not read a mark without it.
    const written = await at.scene.sql<{ name: string }>(
      'SELECT a.name FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE l.parent = $1 ORDER BY l.id',
      [ids[0]],
    );
    expect(written.map(({ name }) => name)).toEqual(['ARCHIVE NOTE', 'TO-ARCHIVE']);
    const { requests } = await at.scan();
    const id = BigInt(requests[0]!.id);
    expect((await at.scene.register.requests.notes([id])).get(id)).toEqual([
      { by: 'alice', expiry: '5', description: 'a=b, 2 = 3', reason: 'published', images: 2 },
    ]);
  });

  test('a text that OMERO could not keep is refused before anything is written', async () => {
    const ids = await add(single('c.tif'));
    const { message } = await launch('alice', 'Archive_Images', { IDs: ids, Description: 'ü'.repeat(1001) }, 1);
    expect(message).toContain('Description is too long: 2002 bytes, at most 2000');
    expect(await at.scene.marksOf(ids[0]!)).toEqual([]);
  });

  test('a request is withdrawn by its owner, and the scan removes its marks', async () => {
    const ids = await add(single('d.tif'));
    await launch('alice', 'Archive_Images', { IDs: ids });
    const { requests } = await at.scan();
    expect((await launch('alice', 'Withdraw_Archive_Request', { IDs: ids })).message).toContain('To be withdrawn: 1');
    expect((await launch('alice', 'Archive_Images', { IDs: ids })).message).toContain('is being withdrawn');
    expect(await at.scan()).toMatchObject({ requests: [] });
    expect((await at.scene.register.requests.get(BigInt(requests[0]!.id)))?.state).toBe('Declined');
    expect(await at.scene.marksOf(ids[0]!)).toEqual([]);
    expect((await launch('alice', 'Withdraw_Archive_Request', { IDs: ids })).message).toContain('it is in no request');
  });

  test('what a leader keeps is in no request, and the owner does not lift it; the leader does', async () => {
    const ids = await add(single('e.tif'));
    expect((await launch('lea', 'Keep_Images', { IDs: ids }, 1)).message).toContain('Reason is empty');
    await launch('lea', 'Keep_Images', { IDs: ids, Reason: 'under review' });
    await at.scan();
    expect(await at.scene.register.kept.list(10)).toMatchObject([
      { by: 'lea', reason: 'under review', liftedBy: 'group leaders, administrators' },
    ]);
    expect((await launch('alice', 'Archive_Images', { IDs: ids })).message).toContain('kept out of archiving');
    const refused = await launch('alice', 'Keep_Images', { IDs: ids, Lift: true });
    expect(refused.message).toContain('a leader or an administrator set it; ask them');
    expect(await at.scene.marksOf(ids[0]!)).toEqual(['KEEP']);
    await launch('lea', 'Keep_Images', { IDs: ids, Lift: true });
    await at.scan();
    expect(await at.scene.register.kept.list(10)).toEqual([]);
    expect(await at.scene.marksOf(ids[0]!)).toEqual([]);
  });

  test('restore and recall mark archived images only; the status shows it, also as a table', async () => {
    const ids = await add(single('=f.tif'), single('g.tif'), single('h.tif'));
    await archived(ids.slice(0, 2));
    expect((await launch('alice', 'Restore_Images', { IDs: ids.slice(1) })).message.split('\n')).toEqual([
      'Requested back: 1 images. Their filesets have files of 20 bytes.',
      'The next scan begins to fetch them. The marks are removed when the files are back.',
      `Not done for image ${ids[2]}: it is not archived.`,
    ]);
    expect((await launch('alice', 'Recall_Images', { IDs: ids.slice(0, 2), Days: 3 })).message).toContain(
      'left as they',
    );
    const { message, table } = await launch('alice', 'Archive_Status', { IDs: ids });
    expect(message.split('\n')).toEqual([
      '1 images: archived, to be recalled',
      '1 images: archived, to be restored',
      '1 images: not archived',
    ]);
    expect(table!.split('\r\n')[1]).toMatch(new RegExp(`^${ids[0]},'=.*,"archived, to be recalled",,,,$`));
    // The register knows nothing of these images: there is nothing to recall.
    await new RetrievalMarks(at.scene.omero, at.scene.register, at.scene.log).run();
    expect(await at.scene.marksOf(ids[0]!)).toEqual(['ARCHIVED']);
  });

  test('from a mark to the archive and back, all by scripts', async () => {
    const { register, starter, mirror, omero, log } = at.scene;
    const ids = await add(single('life.tif'));
    const retrievalMarks = new RetrievalMarks(omero, register, log);
    const state = async (): Promise<string | undefined> => (await at.scene.filesByName()).get('life.tif')?.state;
    await launch('alice', 'Archive_Images', { IDs: ids });
    const { requests } = await at.scan();
    await register.requests.approve(BigInt(requests[0]!.id), 'boss');
    await starter.run('test');
    await move(at.scene, untilReleased);
    while ((await mirror.run()) > 0);
    expect((await launch('alice', 'Archive_Status', { IDs: ids })).message).toBe('1 images: archived');

    await launch('lea', 'Recall_Images', { IDs: ids, Days: 3 });
    expect(await retrievalMarks.run()).toMatchObject({ files: 1, ignoredCount: 0 });
    await move(at.scene, untilPlaced('recalled'));
    // The mark is gone: the next scan does not prolong it.
    expect(await at.scene.marksOf(ids[0]!)).not.toContain('RECALL');
    expect([await state(), await retrievalMarks.run()]).toMatchObject(['recalled', { files: 0 }]);

    await launch('alice', 'Restore_Images', { IDs: ids });
    expect(await retrievalMarks.run()).toMatchObject({ files: 1 });
    await move(at.scene, untilPlaced('restored'));
    while ((await mirror.run()) > 0);
    expect([await state(), await at.scene.marksOf(ids[0]!)]).toEqual(['restored', []]);
    expect((await launch('alice', 'Archive_Status', { IDs: ids })).message).toBe('1 images: not archived');
  });

  test('containers stand for all images below them, each once', async () => {
    const ids = await add(single('i.lif', 2), single('j.tif'), single('k.tif'));
    const { groupId: group_id, id: owner_id } = at.people.get('alice')!;
    const row = (table: string, values: object) => at.scene.row(table, { owner_id, group_id, ...values });
    const [project, one, two] = [
      await row('project', { name: 'p' }),
      await row('dataset', { name: 'd' }),
      await row('dataset', { name: 'e' }),
    ];
    for (const child of [one, two]) await row('projectdatasetlink', { parent: project, child });
    for (const [parent, child] of [
      [one, ids[0]],
      [one, ids[2]],
      [two, ids[2]],
    ] as const)
      await row('datasetimagelink', { parent, child });
    const [screen, plate] = [await row('screen', { name: 's' }), await row('plate', { name: 'p' })];
    await row('screenplatelink', { parent: screen, child: plate });
    const well = await row('well', { plate, '"column"': 1, '"row"': 2 });
    await row('wellsample', { well, image: ids[3], well_index: 0 });
    const marked = async (kind: string, id: bigint, count: number): Promise<void> => {
      const { message } = await launch('alice', 'Archive_Images', {
        Data_Type: kind,
        IDs: [Number(id)],
        Dry_Run: true,
      });
      expect([kind, message]).toEqual([kind, expect.stringContaining(`archiving: ${count} images`)]);
    };
    await marked('Project', project, 2);
    await marked('Dataset', one, 2);
    for (const [kind, id] of [
      ['Screen', screen],
      ['Plate', plate],
      ['Well', well],
    ] as const)
      await marked(kind, id, 1);
  });

  test('a large selection is marked in chunks, with one note', async () => {
    const ids = await add(single('many.lif', 1201));
    expect((await launch('alice', 'Archive_Images', { IDs: ids })).message).toContain('archiving: 1201 images');
    const { requests } = await at.scan();
    expect(requests).toMatchObject([{ markedImages: 1201 }]);
    expect((await at.scene.register.requests.notes([BigInt(requests[0]!.id)])).values().next().value).toHaveLength(1);
  }, 60_000);

  test('an import is ordered from what is offered, once', async () => {
    const { groupId: group_id, id: owner_id } = at.people.get('alice')!;
    const dataset = Number(await at.scene.row('dataset', { name: 'd', owner_id, group_id }));
    const order = (inputs: object, code = 0) =>
      launch('alice', 'Import_Directory', { Data_Type: 'Dataset', IDs: [dataset], ...inputs }, code);
    expect((await order({})).message.split('\n').slice(1)).toEqual([
      join(buffer, 'alice/day 1'),
      join(buffer, 'alice/day 2'),
    ]);
    expect((await order({ Directory: 'day 3' }, 1)).message).toContain('There is no day 3 among what is offered');
    expect((await order({ Directory: 'day 2', Transfer: 'ln' })).message).toContain(
      `Ordered: ${join(buffer, 'alice/day 2')}`,
    );
    expect((await order({ Directory: join(buffer, 'alice/day 2') })).message).toContain('before: not answered yet');
    const marks = [];
    for await (const { person, directory, transfer, refused } of at.scene.omero.importMarks())
      marks.push({ name: person.name, directory, transfer, refused });
    expect(marks).toEqual([{ name: 'alice', directory: join(buffer, 'alice/day 2'), transfer: 'ln', refused: null }]);
  });
});
