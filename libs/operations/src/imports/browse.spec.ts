import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import type { Register } from '@coldroom/register';
import type { Role } from '../rights/rights';
import type { Reviewer } from '../requests/review';
import { browse } from './browse';

let dir: string;
let imports: Imports;
const at = (...names: string[]): string => join(dir, ...names);
const as = (name: string, personId: bigint | null, ...roles: Role[]): Reviewer => ({
  register: undefined as unknown as Register, // nothing of it is needed to look
  actor: { name, personId, roles, leads: [] },
  policy: { leadersDecide: false, fourEyes: false },
});
const alice = as('alice', 7n, 'researcher');

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-browse-'));
  for (const path of ['main/alice/set', 'main/bob', 'main/everyone', 'main/.coldroom-locks'])
    mkdirSync(at(path), { recursive: true });
  writeFileSync(at('main/alice/a.tif'), 'abc');
  writeFileSync(Buffer.concat([Buffer.from(at('main/alice/')), Buffer.from([0xff])]), '');
  symlinkSync('/etc', at('main/alice/link'));
  await writeMarker(at('main'), bufferMarker('main'));
  imports = new Imports(
    parseImports({
      buffers: { main: { directory: at('main'), shared: ['everyone', 'none'] }, away: { directory: at('away') } },
    }),
    at('OMERO'),
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

const names = async (reviewer: Reviewer, path?: string): Promise<readonly string[]> =>
  (await browse(reviewer, imports, path)).entries.map(({ name }) => name);

it('starts with what the person may see and is there', async () => {
  expect(await names(alice)).toEqual([at('main/alice'), at('main/everyone')]);
  expect(await names(as('eve', 9n, 'researcher'))).toEqual([at('main/everyone')]);
  expect(await names(as('token:x', null, 'researcher'))).toEqual([at('main/everyone')]);
  expect(await names(as('dora', 9n, 'manager'))).toEqual([at('main')]);
});

it('lists directories first, and neither links nor what is ours', async () => {
  const { entries, more } = await browse(alice, imports, at('main/alice'));
  expect(entries).toMatchObject([
    { name: 'set', path: at('main/alice/set'), kind: 'directory', size: null },
    { name: 'a.tif', path: at('main/alice/a.tif'), kind: 'file', size: 3n },
    { name: '\\xff', path: null, kind: 'file' },
  ]);
  expect(more).toBe(0);
  expect(await names(as('dora', 9n, 'manager'), at('main'))).toEqual(['alice', 'bob', 'everyone']);
});

it.each([
  ['main', 'IMPORT_SOURCE_NOT_YOURS'],
  ['main/bob', 'IMPORT_SOURCE_NOT_YOURS'],
  ['main/alice/../bob', 'PATH_NOT_ALLOWED'],
  ['main/alice/link', 'IMPORT_SOURCE_LEADS_OUT'],
  ['main/alice/none', 'IMPORT_SOURCE_GONE'],
  ['main/alice/a.tif', 'IMPORT_SOURCE_KIND'],
  ['', 'IMPORT_SOURCE_OUTSIDE'],
])('does not look into %s', (path, code) =>
  expect(browse(alice, imports, `${dir}/${path}`.replace(/\/$/, ''))).rejects.toMatchObject({ code }),
);
