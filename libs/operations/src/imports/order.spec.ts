import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import type { Register } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import type { Role } from '../rights/rights';
import { freshRegister } from '../testing/fresh-register';
import { orderImport, planImport, type ImportWish } from './order';
import { listImports, showImport } from './show';

let register: Register;
let imports: Imports;
let dir: string;
beforeAll(async () => {
  register = await freshRegister('import_orders');
  const someone = { fullName: 'Someone', email: null, active: true, administrator: false, withheld: [] };
  await register.people.mirror({
    people: [
      { ...someone, id: 7n, login: 'alice' },
      { ...someone, id: 8n, login: 'bob' },
      { ...someone, id: 9n, login: 'gone', active: false },
      { ...someone, id: 10n, login: 'root', administrator: true },
    ],
    groups: [
      { id: 0n, name: 'system' },
      { id: 3n, name: 'lab' },
      { id: 4n, name: 'other' },
    ],
    memberships: [
      { groupId: 3n, personId: 7n, leader: false },
      { groupId: 3n, personId: 8n, leader: true },
      { groupId: 4n, personId: 8n, leader: false },
      { groupId: 3n, personId: 9n, leader: false },
      { groupId: 0n, personId: 10n, leader: false },
    ],
  });
  dir = mkdtempSync(join(tmpdir(), 'coldroom-orders-'));
  for (const login of ['alice', 'bob']) mkdirSync(join(dir, 'buffer', login), { recursive: true });
  await writeMarker(join(dir, 'buffer'), bufferMarker('main'));
  imports = new Imports(
    parseImports({ buffers: { main: { directory: join(dir, 'buffer'), transfers: ['ln', 'upload'] } } }),
    join(dir, 'OMERO'),
  );
});
afterAll(async () => {
  await register.close();
  rmSync(dir, { recursive: true });
});

const as = (name: string, personId: bigint | null, roles: Role[], leads: bigint[] = []): Reviewer => ({
  register,
  actor: { name, personId, roles, leads },
  policy: { leadersDecide: false, fourEyes: false },
});
const alice = (): Reviewer => as('alice', 7n, ['researcher']);
const bob = (): Reviewer => as('bob', 8n, ['researcher', 'leader'], [3n]);
const manager = (): Reviewer => as('token:instrument', null, ['manager']);

const letters = (count: number): string => randomBytes(count).toString('base64url').slice(0, count);
const pathOf = (name: string): Buffer => Buffer.from(join(dir, 'buffer', name));

function wish(name: string, change: Partial<ImportWish> = {}): ImportWish {
  const path = join(dir, 'buffer', name);
  writeFileSync(path, name);
  return { path: Buffer.from(path), target: 'Dataset:5', options: {}, origin: 'command', ...change };
}
const refused = (code: string) => ({ kind: 'refused', code });

it('orders for oneself, in the only group, by the first transfer', async () => {
  const ordered = await orderImport(alice(), imports, wish('alice/a.tif', { options: { name: 'n' } }));
  expect(ordered).toMatchObject({
    isNew: true,
    buffer: 'main',
    kind: 'file',
    recorded: {
      personId: 7n,
      person: 'alice',
      groupId: 3n,
      group: 'lab',
      target: 'Dataset:5',
      transfer: 'ln',
      options: { name: 'n' },
      orderedBy: 'alice',
      state: 'ordered',
    },
  });
});

it('answers with the first order for the same person and source, whatever the second one says', async () => {
  const first = await orderImport(alice(), imports, wish('alice/twice.tif'));
  const again = await orderImport(manager(), imports, wish('alice/twice.tif', { login: 'alice', target: 'Dataset:6' }));
  expect(again).toMatchObject({ isNew: false, recorded: { id: first.recorded.id, target: 'Dataset:5' } });
});

it('records one order where many are placed at the same time', async () => {
  const wished = wish('alice/many.tif');
  const ordered = await Promise.all(Array.from({ length: 8 }, () => orderImport(alice(), imports, wished)));
  expect(new Set(ordered.map(({ recorded }) => recorded.id)).size).toBe(1);
  expect(ordered.filter(({ isNew }) => isNew)).toHaveLength(1);
});

it('lets managers order for others, from anywhere in the buffer', async () => {
  const planned = await planImport(manager(), imports, wish('bob/b.tif', { login: 'alice' }));
  expect(planned.order).toMatchObject({ person: 'alice', group: 'lab' });
});

it('refuses a path that the register cannot hold, and takes the longest that it can', async () => {
  const deep = (length: number): Buffer => {
    const parent = pathOf('alice');
    const left = length - parent.length;
    // Random letters: the register compresses what it can.
    const names = Array.from({ length: Math.ceil(left / 250) }, (_, at) => letters(Math.min(250, left - at * 250) - 1));
    const path = Buffer.from([parent.toString(), ...names].join('/'));
    mkdirSync(path, { recursive: true });
    return path;
  };
  expect(deep(2500)).toHaveLength(2500);
  expect(await orderImport(alice(), imports, { ...wish('alice/x'), path: deep(2500) })).toMatchObject({ isNew: true });
  await expect(orderImport(alice(), imports, { ...wish('alice/x'), path: deep(2502) })).rejects.toMatchObject(
    refused('IMPORT_SOURCE_TOO_LONG'),
  );
});

it('takes a directory that only looks like one of a person', async () => {
  mkdirSync(join(dir, 'buffer', 'run-1'));
  const planned = await planImport(manager(), imports, {
    ...wish('alice/x', { login: 'alice' }),
    path: pathOf('run-1'),
  });
  expect(planned.order.display).toBe(join(dir, 'buffer', 'run-1'));
});

it.each<[string, () => Reviewer, () => ImportWish]>([
  ['NOT_PERMITTED', alice, () => wish('alice/x', { login: 'bob', group: 'lab' })],
  ['NOT_PERMITTED', bob, () => wish('alice/x', { login: 'alice' })],
  ['NOT_PERMITTED', () => as('eve', 11n, ['auditor']), () => wish('alice/x', { login: 'alice' })],
  ['NOT_PERMITTED', () => as('alice', 11n, ['researcher']), () => wish('alice/x')],
  ['NOT_PERMITTED', () => as('alice', 7n, ['auditor']), () => wish('alice/x')],
  ['NOT_PERMITTED', alice, () => wish('alice/x', { login: 'nobody' })],
  ['IMPORT_SOURCE_TOO_WIDE', manager, () => ({ ...wish('bob/x', { login: 'alice' }), path: pathOf('bob') })],
  ['IMPORT_SOURCE_TOO_WIDE', manager, () => ({ ...wish('alice/x', { login: 'alice' }), path: pathOf('alice') })],
  ['IMPORT_PERSON_MISSING', manager, () => wish('alice/x')],
  ['IMPORT_PERSON_UNKNOWN', manager, () => wish('alice/x', { login: 'Alice' })],
  ['IMPORT_PERSON_INACTIVE', manager, () => wish('alice/x', { login: 'gone' })],
  ['IMPORT_GROUP_MISSING', bob, () => wish('bob/x')],
  ['IMPORT_GROUP_MISSING', manager, () => wish('bob/x', { login: 'root' })],
  ['IMPORT_GROUP_UNKNOWN', alice, () => wish('alice/x', { group: 'other' })],
  ['IMPORT_GROUP_UNKNOWN', manager, () => wish('bob/x', { login: 'root', group: 'system' })],
  ['IMPORT_TARGET_INVALID', alice, () => wish('alice/x', { target: 'Image:5' })],
  ['IMPORT_OPTIONS_INVALID', alice, () => wish('alice/x', { options: { name: '' } })],
  ['IMPORT_SOURCE_NOT_YOURS', alice, () => wish('bob/x')],
  ['IMPORT_SOURCE_GONE', alice, () => wish('alice/x', { path: Buffer.from(join(dir, 'buffer/alice/none')) })],
  ['IMPORT_TRANSFER_NOT_ALLOWED', alice, () => wish('alice/x', { transfer: 'ln_s' })],
])('refuses with %s, and records nothing', async (code, reviewer, wished) => {
  const before = (await register.imports.orders.list()).length;
  await expect(orderImport(reviewer(), imports, wished())).rejects.toMatchObject(refused(code));
  expect(await register.imports.orders.list()).toHaveLength(before);
});

describe('what people see', () => {
  let mine: bigint;
  let bobs: bigint;
  beforeAll(async () => {
    mine = (await orderImport(alice(), imports, wish('alice/mine.tif'))).recorded.id;
    bobs = (await orderImport(bob(), imports, wish('bob/his.tif', { group: 'other' }))).recorded.id;
  });

  const seen = async (reviewer: Reviewer): Promise<readonly bigint[]> =>
    (await listImports(reviewer)).imports.map(({ id }) => id).filter((id) => id === mine || id === bobs);

  it('is their own, of groups that they lead, or all', async () => {
    expect(await seen(alice())).toEqual([mine]);
    expect(await seen(bob())).toEqual([bobs, mine]);
    expect(await seen(as('bob', 8n, ['researcher']))).toEqual([bobs]);
    expect(await seen(manager())).toEqual([bobs, mine]);
    expect(await seen(as('token:x', null, ['researcher']))).toEqual([]);
  });

  it('is counted by state, and listed page by page', async () => {
    const { imports: page, next, counts } = await listImports(alice(), { limit: 1 });
    expect(page.map(({ id }) => id)).toEqual([mine]);
    expect(counts.get('ordered')).toBeGreaterThan(1);
    const second = await listImports(alice(), { before: next!, limit: 100 });
    expect(second.imports.every(({ id }) => id < mine)).toBe(true);
    expect(second.next).toBeNull();
    expect((await listImports(alice(), { states: ['done'] })).imports).toEqual([]);
  });

  it('is one order with all that happened to it', async () => {
    expect(await showImport(alice(), mine)).toMatchObject({
      order: { id: mine },
      amounts: { filesets: 0, imported: 0, images: 0, proven: 0, removed: 0, leftOut: null, leftOutFirst: [] },
      attempts: [],
      events: [{ what: 'ordered', actor: 'alice', to: 'ordered' }],
      permitted: ['cancelImport'],
    });
    expect((await showImport(bob(), mine)).permitted).toEqual([]);
  });

  it('is nothing of others', async () => {
    await expect(showImport(alice(), bobs)).rejects.toMatchObject(refused('NO_SUCH_IMPORT'));
    await expect(showImport(manager(), 999_999n)).rejects.toMatchObject(refused('NO_SUCH_IMPORT'));
  });
});
