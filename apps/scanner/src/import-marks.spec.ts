import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { onCrashPoint, importStates, type ImportEvent, type ImportState } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import { ImportAnswers } from './import-answers';
import { ImportMarks } from './import-marks';
import { Scene } from './testing/scene';

let scene: Scene;
let dir: string;
let marks: ImportMarks;
let answers: ImportAnswers;
let [alice, lab] = [0n, 0n];
const at = (...names: string[]): string => join(dir, ...names);

beforeAll(async () => {
  scene = await Scene.create('import_marks');
  dir = mkdtempSync(join(tmpdir(), 'coldroom-marks-'));
  for (const path of ['buffer/alice/run 1', 'buffer/alice/run 2', 'buffer/bob/run', 'OMERO'])
    mkdirSync(at(path), { recursive: true });
  writeFileSync(at('buffer/alice/run 1/a.tif'), 'a');
  symlinkSync(at('buffer/bob/run'), at('buffer/alice/of bob'));
  await writeMarker(at('buffer'), bufferMarker('main'));
  const imports = new Imports(
    parseImports({ buffers: { main: { directory: at('buffer'), transfers: ['ln', 'upload'] } } }),
    at('OMERO'),
  );
  marks = new ImportMarks(scene.omero, scene.register, imports, scene.log);
  answers = new ImportAnswers(scene.omero, scene.register);
  lab = await insert('experimentergroup', { name: 'lab', permissions: -120, ldap: false, version: 0 });
  alice = await person('alice');
});
afterAll(async () => {
  await scene.close();
  rmSync(dir, { recursive: true });
});
afterEach(async () => {
  onCrashPoint(undefined);
  await scene.sql('DELETE FROM datasetannotationlink');
  await scene.sql('DELETE FROM projectannotationlink');
  const orders = await scene.register.imports.orders.list();
  for (const { id, state } of orders)
    if (!['done', 'emptied', 'cancelled'].includes(state)) await step(id, 'cancel', 'cancelled');
});

async function person(omename: string): Promise<bigint> {
  const id = await insert('experimenter', { omename, firstname: omename, lastname: omename, ldap: false, version: 0 });
  for (const [child_index, parent] of [1n, lab].entries())
    await insert('groupexperimentermap', { parent, child: id, child_index, owner: false, version: 0 });
  return id;
}
async function insert(table: string, values: Readonly<Record<string, unknown>>): Promise<bigint> {
  const [next] = await scene.sql<{ id: bigint }>(`SELECT ome_nextval('seq_${table}') AS id`);
  const all = { permissions: -40, ...values, id: next!.id };
  await scene.sql(
    `INSERT INTO ${table} (${Object.keys(all).join(', ')}) VALUES (${Object.keys(all)
      .map((_, at) => `$${at + 1}`)
      .join(', ')})`,
    Object.values(all),
  );
  return next!.id;
}

/** An annotation of alice on a dataset of hers. */
async function annotated(pairs: Readonly<Record<string, string>>, kind: 'dataset' | 'project' = 'dataset') {
  const own = { owner_id: alice, group_id: lab };
  const target = await scene.row(kind, { name: 'of alice', ...own });
  const annotation = await scene.row('annotation', { discriminator: '/map/', ns: 'archiving', name: 'IMPORT', ...own });
  for (const [index, [key, value]] of Object.entries(pairs).entries())
    await scene.sql('INSERT INTO annotation_mapvalue (annotation_id, name, value, index) VALUES ($1, $2, $3, $4)', [
      annotation,
      key,
      value,
      index,
    ]);
  await scene.row(`${kind}annotationlink`, { parent: target, child: annotation, ...own });
  return { annotation, target };
}
async function answerOf(annotation: bigint): Promise<string | undefined> {
  const rows = await scene.sql<{ value: string }>(
    "SELECT value FROM annotation_mapvalue WHERE annotation_id = $1 AND name = 'Done'",
    [annotation],
  );
  return rows[0]?.value;
}
async function round(): Promise<void> {
  await marks.run('scanner');
  await answers.run();
}
const newest = async () => (await scene.register.imports.orders.list({ limit: 1 }))[0]!;

async function step(id: bigint, event: ImportEvent, to: ImportState, reason?: string): Promise<void> {
  const claim = await scene.register.imports.claims.claim(id, importStates, 'a worker', 60_000);
  await scene.register.imports.advance(claim!, { event, to, ...(reason ? { reason, code: 'IMPORT_TEST' } : {}) });
}

it('places an order of its owner in the group of the target, once, and is answered', async () => {
  const { annotation, target } = await annotated({ Directory: at('buffer/alice/run 1/'), Done: ' ' });
  await round();
  const order = await newest();
  expect(order).toMatchObject({
    person: 'alice',
    personId: alice,
    group: 'lab',
    groupId: lab,
    source: Buffer.from(at('buffer/alice/run 1')),
    target: `Dataset:${target}`,
    transfer: 'ln',
    origin: 'annotation',
    orderedBy: 'alice',
    state: 'ordered',
  });
  expect(await answerOf(annotation)).toBe(`queued (import ${order.id})`);
  await round();
  expect((await newest()).id).toBe(order.id);
  expect(await answers.run()).toBe(0);
});

it('shows what becomes of the order', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1'), Transfer: 'UPLOAD' });
  await round();
  const { id, transfer } = await newest();
  expect(transfer).toBe('upload');
  const shows = async (state: string, more = ''): Promise<string | undefined> => {
    await registerSql(`UPDATE import_order SET state = '${state}'${more} WHERE id = ${id}`);
    await round();
    return answerOf(annotation);
  };
  expect(await shows('hashed')).toBe(`queued (import ${id})`);
  expect(await shows('importing')).toBe(`running (import ${id})`);
  expect(await shows('stuck', ", stuck_from = 'importing', code = 'X', reason = 'OMERO says no'")).toBe(
    `failed (import ${id}) because OMERO says no`,
  );
  expect(await shows('importing', ', stuck_from = NULL')).toBe(`running (import ${id})`);
  await registerSql(
    `INSERT INTO import_fileset (order_id, number, reader, opened, fileset_id, images) VALUES (${id}, 1, 'R', 'a', ${id}, 3), (${id}, 2, 'R', 'b', ${id}00, 1)`,
  );
  expect(await shows('done', ', proven_at = now()')).toBe(`imported 4 images (import ${id})`);
  expect(await scene.register.imports.marks.open()).toEqual([]);
});

async function registerSql(statement: string): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: scene.registerUrl, options: '-c search_path=coldroom' });
  await client.connect();
  await client.query(statement);
  await client.end();
}

it.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ["another's directory", { Directory: '{buffer}/bob/run' }, /not in a directory of yours/],
  ["a link to another's directory", { Directory: '{buffer}/alice/of bob' }, /not in a directory of yours/],
  ['a directory outside', { Directory: '/etc' }, /in no buffer/],
  ['a way out', { Directory: '{buffer}/alice/../bob/run' }, /not allowed/],
  ['nothing', { Directory: '{buffer}/alice/none' }, /Nothing is at/],
  ['no directory', { Directory: '' }, /not absolute/],
  ['no key for it', { Folder: '{buffer}/alice/run 1' }, /not absolute/],
  [
    'a transfer that OMERO would empty the source with',
    { Directory: '{buffer}/alice/run 1', Transfer: 'ln_rm' },
    /no transfer/,
  ],
  [
    'a transfer that the buffer does not allow',
    { Directory: '{buffer}/alice/run 1', Transfer: 'ln_s' },
    /does not allow/,
  ],
])('is refused in its answer for %s, and nothing is ordered', async (_, pairs, reason) => {
  const before = (await scene.register.imports.orders.list()).length;
  const filled = Object.entries(pairs).map(([key, value]) => [key, value.replace('{buffer}', at('buffer'))]);
  const { annotation } = await annotated(Object.fromEntries(filled) as Record<string, string>);
  await round();
  expect(await answerOf(annotation)).toMatch(/^refused: /);
  expect(await answerOf(annotation)).toMatch(reason);
  expect(await scene.register.imports.orders.list()).toHaveLength(before);
});

it('on a project says where to put it', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1') }, 'project');
  await round();
  expect(await answerOf(annotation)).toMatch(/^refused: .*Put this annotation on a dataset of the project/);
});

it('that was refused is looked at again when its answer is emptied', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 3') });
  await round();
  expect(await answerOf(annotation)).toMatch(/^refused/);
  mkdirSync(at('buffer/alice/run 3'));
  await round();
  expect(await answerOf(annotation)).toMatch(/^refused/);
  await scene.sql("UPDATE annotation_mapvalue SET value = '' WHERE annotation_id = $1 AND name = 'Done'", [annotation]);
  await round();
  expect(await answerOf(annotation)).toMatch(/^queued/);
});

it('whose answer is emptied while its order goes on gets the answer again, and no second order', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1') });
  await round();
  const { id } = await newest();
  await scene.sql("DELETE FROM annotation_mapvalue WHERE annotation_id = $1 AND name = 'Done'", [annotation]);
  await round();
  expect(await answerOf(annotation)).toBe(`queued (import ${id})`);
  expect((await newest()).id).toBe(id);
});

it('whose answer is emptied is not judged again while its order goes on: an import may have moved the files', async () => {
  mkdirSync(at('buffer/alice/moved'));
  const { annotation } = await annotated({ Directory: at('buffer/alice/moved') });
  await round();
  const { id } = await newest();
  renameSync(at('buffer/alice/moved'), at('buffer/moved by us'));
  await scene.sql("UPDATE annotation_mapvalue SET value = '' WHERE annotation_id = $1 AND name = 'Done'", [annotation]);
  await round();
  expect(await answerOf(annotation)).toBe(`queued (import ${id})`);
});

it('waits while the buffer is not mounted', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1') });
  renameSync(at('buffer'), at('away'));
  try {
    await round();
    expect(await answerOf(annotation)).toBeUndefined();
    expect(scene.log.of('import not ordered')).toMatchObject([{ code: 'ROOT_UNAVAILABLE', annotation }]);
  } finally {
    renameSync(at('away'), at('buffer'));
  }
  await round();
  expect(await answerOf(annotation)).toMatch(/^queued/);
});

it('is answered after a crash between the answer in OMERO and its record', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1') });
  await marks.run('scanner');
  onCrashPoint((name) => {
    if (name === 'import-answer:1-written') throw new Error('crash');
  });
  await expect(answers.run()).rejects.toThrow('crash');
  onCrashPoint(undefined);
  const answer = await answerOf(annotation);
  expect(answer).toMatch(/^queued/);
  await round();
  expect(await answerOf(annotation)).toBe(answer);
  expect((await scene.register.imports.marks.known([annotation])).get(annotation)).toMatchObject({ written: answer });
});

it('that is deleted is forgotten; its order stays', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1') });
  await marks.run('scanner');
  await scene.sql("UPDATE annotation SET name = 'no longer' WHERE id = $1", [annotation]);
  await answers.run();
  expect((await scene.register.imports.marks.known([annotation])).size).toBe(0);
  expect((await newest()).state).toBe('ordered');
});

it('is not read at a site without buffers, and never stops a scan', async () => {
  const { annotation } = await annotated({ Directory: at('buffer/alice/run 1') });
  await new ImportMarks(scene.omero, scene.register, null, scene.log).run('scanner');
  expect((await scene.register.imports.marks.known([annotation])).size).toBe(0);
  await scene.sql('ALTER TABLE datasetannotationlink RENAME TO elsewhere');
  try {
    await marks.run('scanner');
    expect(scene.log.of('import annotations not read')).toHaveLength(1);
  } finally {
    await scene.sql('ALTER TABLE elsewhere RENAME TO datasetannotationlink');
  }
});
