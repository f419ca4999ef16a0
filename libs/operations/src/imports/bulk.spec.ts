import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refused } from '@coldroom/domain';
import { orderBulk, type BulkRows } from './bulk';
import { bulkFile, csvFile, type RowFile } from './bulk-file';
import { readRows } from './bulk-rows';
import { splitWords } from './split-words';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'coldroom-bulk-'))));
afterAll(() => rm(dir, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(dir, name), content);
  return join(dir, name);
}
async function rowsOf(rowFile: RowFile) {
  const rows = [];
  for await (const row of readRows(rowFile)) rows.push(row);
  return rows;
}
const csv = async (content: string | Buffer) => rowsOf(csvFile(await file('rows.csv', content)));
const invalid = (message: RegExp) => ({ code: 'IMPORT_BULK_INVALID', message: expect.stringMatching(message) });

describe('a CSV with a header', () => {
  it.each<[string, string]>([
    ['plain', 'path,target\n/b/a,Dataset:1\n/b/c,Dataset:2\n'],
    [
      'with a byte order mark and the line ends of Windows',
      '\ufeffpath,target\r\n/b/a,Dataset:1\r\n/b/c,Dataset:2\r\n',
    ],
    ['with semicolons', 'path;target\n/b/a;Dataset:1\n/b/c;Dataset:2\n'],
    ['with tabs', 'Path\tTARGET\n/b/a\tDataset:1\n/b/c\tDataset:2\n'],
    ['without an end of line, with blank lines', 'path,target\n/b/a,Dataset:1\n\n\n/b/c,Dataset:2'],
  ])('%s', async (_, content) => {
    const rows = await csv(content);
    expect(rows).toMatchObject([
      { line: 2, path: '/b/a', target: 'Dataset:1', name: undefined },
      { path: '/b/c', target: 'Dataset:2' },
    ]);
  });

  it('has fields in quotes, with delimiters, quotes and line breaks in them', async () => {
    expect(await csv('path,target,name\n"/b/a, ""b"";c","Dataset:name:x,y","two\nlines"\n/b/2,Dataset:1,=1+1')).toEqual(
      [
        {
          line: 3,
          path: '/b/a, "b";c',
          target: 'Dataset:name:x,y',
          name: 'two\nlines',
          description: undefined,
          transfer: undefined,
          annotations: [],
        },
        expect.objectContaining({ line: 4, name: '=1+1' }),
      ],
    );
  });

  it('has columns with values of key-value pairs; an empty cell is none', async () => {
    const rows = await csv(
      'path,target,annotate:Stain, Annotate: Day 1 \n/b/a,Dataset:1,DAPI,x=y\n/b/c,Dataset:1,,2\n',
    );
    expect(rows).toMatchObject([
      {
        annotations: [
          ['Stain', 'DAPI'],
          ['Day 1', 'x=y'],
        ],
      },
      { annotations: [['Day 1', '2']] },
    ]);
    await expect(csv('path,target,annotate:\n/b/a,Dataset:1,x\n')).rejects.toMatchObject(invalid(/must name columns/));
  });

  it.each(['=cmd|calc', '+1', '-1', '@SUM(A1)', '\t=1'])('takes the cell %j as text', async (cell) => {
    expect(await csv(`path,target,name\n/b/a,Dataset:1,"${cell}"\n`)).toMatchObject([{ name: cell }]);
  });

  it('is relative to its own directory, and keeps blanks of names', async () => {
    expect(await csv('path,target\n a ,Dataset:1\n')).toMatchObject([{ path: join(dir, ' a ') }]);
  });

  it.each<[string, string, RegExp]>([
    ['a field too many', 'path,target\n/b/a,Dataset:1,x\n', /3 fields, not 2/],
    ['no path', 'path,target\n,Dataset:1\n', /no path/],
    ['no target', 'path,target\n/b/a,\n', /no target/],
    ['another transfer', 'path,target,transfer\n/b/a,Dataset:1,ln_rm\n', /no transfer "ln_rm"/],
  ])('reports the line of a row with %s', async (_, content, fault) => {
    expect(await csv(content)).toEqual([{ line: 2, fault: expect.stringMatching(fault) }]);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['without a header', '/b/a,Dataset:1\n', /must name columns/],
    ['without a target', 'path,name\n', /"target" once/],
    ['with a column twice', 'path,target,path\n', /"path" once/],
    ['that is empty', '', /is empty/],
    ['in another encoding', Buffer.from('path,target\n/b/\xe9,Dataset:1\n', 'latin1'), /not in UTF-8/],
    ['with a quote that has no end', 'path,target\n"/b/a,Dataset:1\n', /Quote/],
  ])('%s is refused', async (_, content, message) => {
    await expect(csv(content)).rejects.toMatchObject(invalid(message));
  });

  it('of 100,000 rows is read with little memory', async () => {
    const lines = Array.from({ length: 100_000 }, (_, nr) => `/b/run ${nr},Dataset:${nr},name of ${nr}`);
    const path = csvFile(await file('large.csv', `path,target,name\n${lines.join('\n')}\n`));
    let [count, most] = [0, 0];
    const before = process.memoryUsage().heapUsed;
    for await (const row of readRows(path)) {
      expect('fault' in row).toBe(false);
      if (++count % 10_000 === 0) {
        (globalThis as { gc?: () => void }).gc?.();
        most = Math.max(most, process.memoryUsage().heapUsed - before);
      }
    }
    expect(count).toBe(100_000);
    expect(most).toBeLessThan(150_000_000);
  });
});

describe("OMERO's bulk file", () => {
  it('names columns, a file of rows, and what holds for all of them', async () => {
    await file('rows.tsv', 'Dataset:name:a\t/b/a\tfirst\nDataset:name:b\tb\t\n');
    const path = await file(
      'bulk.yml',
      'path: rows.tsv\ncolumns:\n- target\n- path\n- name\ntransfer: ln\nname: other\ncontinue: "true"\noutput: yaml\n',
    );
    expect(await rowsOf(await bulkFile(path))).toMatchObject([
      { line: 1, path: '/b/a', target: 'Dataset:name:a', name: 'first', transfer: 'ln' },
      { line: 2, path: join(dir, 'b'), target: 'Dataset:name:b', name: 'other' },
    ]);
  });

  it('includes another one, whose keys it replaces', async () => {
    await file('parent.yml', 'transfer: ln\ntarget: Dataset:1\n');
    await file('paths.txt', '/b/one file \n\n/b/two\n');
    const path = await file('child.yml', 'include: parent.yml\npath: paths.txt\ntarget: Dataset:2\n');
    expect(await rowsOf(await bulkFile(path))).toMatchObject([
      { line: 1, path: '/b/one file', target: 'Dataset:2', transfer: 'ln' },
      { line: 3, path: '/b/two' },
    ]);
  });

  it('has rows as a shell splits them', async () => {
    await file('rows.txt', `Dataset:1 "/b/a b"\nDataset:2 /b/it\\'s\n`);
    const path = await file('words.yml', 'path: rows.txt\ncolumns: [target, path]\n');
    expect(await rowsOf(await bulkFile(path))).toMatchObject([{ path: '/b/a b' }, { path: "/b/it's" }]);
  });

  it('has rows in UTF-8, and a quote in them has an end', async () => {
    const path = await file('words.yml', 'path: rows.txt\ncolumns: [target, path]\n');
    await file('rows.txt', Buffer.from('Dataset:1 /b/\xe9\n', 'latin1'));
    await expect(rowsOf(await bulkFile(path))).rejects.toMatchObject(invalid(/not in UTF-8/));
    await file('rows.txt', 'Dataset:1 /b/a\nDataset:1 "/b/a\n');
    await expect(rowsOf(await bulkFile(path))).rejects.toMatchObject(invalid(/after line 2: a " has no end/));
  });

  it.each<[string, string, RegExp]>([
    ['a key that the site decides', 'path: x\nskip: all\n', /"skip" is not possible/],
    ['a mode that removes sources', 'path: x\nexclude: clientpath\n', /"exclude" is not possible/],
    ['no path', 'target: Dataset:1\n', /no "path"/],
    ['an unknown column', 'path: x\ncolumns: [path, parent]\n', /must be some of/],
    ['no column for paths', 'path: x\ncolumns: [target]\n', /none of them is "path"/],
    ['no keys', '- path\n', /list of keys/],
    ['itself included', 'include: wrong.yml\npath: x\n', /include each other/],
  ])('with %s is refused', async (_, content, message) => {
    await expect(bulkFile(await file('wrong.yml', content))).rejects.toMatchObject(invalid(message));
  });
});

it.each<[string, readonly string[]]>([
  ['a  b\tc', ['a', 'b', 'c']],
  [`'a b' "c d"`, ['a b', 'c d']],
  [`a\\ b "c\\"d\\\\e\\f" ''`, ['a b', 'c"d\\e\\f', '']],
  [`'it''s'`, ['its']],
])('%s is split as a shell does', (line, words) => expect(splitWords(line)).toEqual(words));

describe('the rows of a file', () => {
  const ordered: string[] = [];
  const rows: BulkRows = {
    check: async ({ path }) => {
      if (path.includes('bad')) throw new Refused('IMPORT_SOURCE_GONE', `nothing is at ${path}`);
    },
    order: async (row) => {
      await rows.check(row);
      ordered.push(row.path);
      return { id: BigInt(ordered.length), isNew: !row.path.includes('known') };
    },
  };
  const mixed = 'path,target\n/b/1,Dataset:1\n/b/bad,Dataset:1\n/b/known,Dataset:1\n/b/3,\n';
  beforeEach(() => void ordered.splice(0));

  it('are all ordered', async () => {
    const good = csvFile(await file('good.csv', 'path,target\n/b/1,Dataset:1\n/b/known,Dataset:1\n'));
    expect(await orderBulk(good, rows)).toEqual({ rows: 2, ordered: 1, known: 1, faultCount: 0, faults: [] });
    expect(ordered).toEqual(['/b/1', '/b/known']);
  });

  it('are not ordered if one of them is bad', async () => {
    const path = csvFile(await file('mixed.csv', mixed));
    await expect(orderBulk(path, rows)).rejects.toMatchObject({
      code: 'IMPORT_BULK_ROWS',
      message: expect.stringMatching(/2 of 4 rows .*\n- line 3: nothing is at \/b\/bad\n- line 5: it has no target$/),
    });
    expect(ordered).toEqual([]);
  });

  it('are ordered without the bad ones where that is wanted', async () => {
    const path = csvFile(await file('mixed.csv', mixed));
    const faults = [expect.objectContaining({ line: 3 }), expect.objectContaining({ line: 5 })];
    const result = { rows: 4, ordered: 1, known: 1, faultCount: 2, faults };
    expect(await orderBulk(path, rows, { skipBad: true })).toEqual(result);
    expect(ordered).toEqual(['/b/1', '/b/known']);
    expect(await orderBulk(path, rows, { dryRun: true })).toEqual({ ...result, ordered: 0, known: 0 });
  });

  it('are not ordered if the file changes meanwhile', async () => {
    const path = csvFile(await file('changing.csv', 'path,target\n/b/1,Dataset:1\n'));
    const check = async (): Promise<void> => void (await file('changing.csv', 'path,target\n/b/2,Dataset:1\n'));
    await expect(orderBulk(path, { ...rows, check })).rejects.toMatchObject({ code: 'IMPORT_BULK_CHANGED' });
    expect(ordered).toEqual([]);
  });

  it('end with a failure that is not theirs', async () => {
    const path = csvFile(await file('good.csv', 'path,target\n/b/1,Dataset:1\n'));
    const check = () => Promise.reject(new Error('the register is away'));
    await expect(orderBulk(path, { ...rows, check }, { skipBad: true })).rejects.toThrow('the register is away');
  });

  it('of a file that is not there are refused', async () => {
    await expect(orderBulk(csvFile(join(dir, 'none.csv')), rows)).rejects.toMatchObject(invalid(/ENOENT/));
  });
});
