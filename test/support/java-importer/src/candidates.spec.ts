import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCandidates } from './candidates';
import type { Look, Looked } from './formats/reading';
import { Script } from './misbehaviour';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-candidates-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The filesets of these files, if a reader of the first names says that it uses the others. */
async function filesets(uses: Readonly<Record<string, readonly string[]>>): Promise<readonly (readonly string[])[]> {
  for (const name of new Set(Object.values(uses).flat())) writeFileSync(join(dir, name), '');
  const reading = (names: readonly string[]): Looked => {
    const files = names.map((name) => join(dir, name));
    return { files, reader: 'loci.formats.in.TiffReader', isPlate: false, series: [] };
  };
  const look: Look = () =>
    Promise.resolve(new Map(Object.entries(uses).map(([name, names]) => [join(dir, name), reading(names)])));
  const { found } = await findCandidates([dir], { depth: 4, look, script: new Script(join(dir, 'none')) });
  return found.map(({ files }) => files.map((file) => file.slice(dir.length + 1)));
}

test('a file that a later one uses as well leads to no fileset of its own', async () => {
  expect(await filesets({ 'a.tif': ['a.tif'], 'b.dv': ['b.dv', 'a.tif'] })).toEqual([['b.dv', 'a.tif']]);
});

test('of files that use one more, each leads to a fileset unless another uses it', async () => {
  const uses = { 'a.tif': ['a.tif', 'c.lei'], 'b.tif': ['b.tif', 'c.lei'], 'c.lei': ['c.lei'] };
  expect(await filesets(uses)).toEqual([
    ['a.tif', 'c.lei'],
    ['b.tif', 'c.lei'],
  ]);
});
