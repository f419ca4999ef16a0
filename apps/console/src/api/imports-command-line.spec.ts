import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createToken } from '@coldroom/operations';
import { RunningConsole } from '../testing/running-console';
import { SampleBuffer } from '../testing/sample-buffer';

const bin = join(__dirname, '../../../cli/bin/coldroom.js');
let running: RunningConsole;
let buffer: SampleBuffer;
let directory: string;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  buffer = await SampleBuffer.make();
  running = await RunningConsole.start('imports_command_line', { imports: buffer.settings });
  directory = mkdtempSync(join(tmpdir(), 'coldroom-token-'));
  for (const role of ['manager', 'auditor']) {
    const { secret } = await createToken(running.register, { name: role, role, days: 1, by: 'root' });
    tokens[role] = join(directory, role);
    writeFileSync(tokens[role], `${secret}\n`, { mode: 0o600 });
  }
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await running.stop();
  buffer.remove();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without any settings: the command has the server only. */
async function coldroom(role: string, ...words: readonly string[]): Promise<Ended> {
  const there = ['--server', `${running.address}/coldroom/`, '--token-file', tokens[role]!];
  const env = { PATH: process.env['PATH'], TZ: 'UTC' };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...there, ...words], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const target = ['--target', 'Dataset:5', '--as', 'alice'];

test('orders by the REST API, once, and shows, lists and cancels', async () => {
  const path = buffer.at('alice', 'a.tif');
  expect(await coldroom('manager', 'import', path, ...target, '--transfer', 'ln', '--annotate', 'a=b')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Import 1: .*a\.tif into Dataset:5\n$/),
    stderr: '',
  });
  expect((await coldroom('manager', 'import', path, ...target)).stdout).toContain('not ordered again');
  expect(await running.register.imports.orders.get(1n)).toMatchObject({
    person: 'alice',
    transfer: 'ln',
    origin: 'console',
    orderedBy: expect.stringContaining('manager'),
    options: { annotations: [['a', 'b']] },
  });
  const { stdout } = await coldroom('auditor', 'imports', 'list', '--state', 'ordered');
  expect(stdout).toMatch(/1 +ordered +alice +lab +Dataset:5/);
  expect((await coldroom('auditor', 'imports', 'show', '1')).stdout).toMatch(/Annotate +a=b/);
  expect(await coldroom('manager', 'imports', 'show', '99')).toMatchObject({ code: 4 });
  expect((await coldroom('manager', 'imports', 'cancel', '1')).code).toBe(2); // no one to ask
  expect(await coldroom('auditor', 'imports', 'cancel', '1', '--yes')).toMatchObject({ code: 12 });
  expect(await coldroom('manager', 'imports', 'cancel', '1', '--yes')).toMatchObject({
    code: 0,
    stdout: 'Import 1: cancelled\n',
  });
});

test('a dry run waits for the importer, and orders nothing', async () => {
  const ended = coldroom('manager', 'import', buffer.at('alice', 'run-1'), ...target, '--dry-run');
  const found = { files: 2, bytes: 10n, filesetCount: 1, refusedCount: 1, refused: [{ name: 'n.txt', code: 'X' }] };
  let isOver = false;
  void ended.then(() => (isOver = true));
  for (; !isOver; await sleep(100)) await buffer.answerPreview(running.register, found);
  expect(await ended).toMatchObject({ code: 3, stdout: expect.stringContaining('Would not be imported: 1 file') });
  expect(await running.register.imports.orders.list()).toHaveLength(1);
});

test('waits until an order is at its end, and one that is stuck is tried again', async () => {
  const waiting = coldroom('manager', 'import', buffer.at('alice', 'b.tif'), ...target, '--wait', '--json');
  const { claims, orders } = running.register.imports;
  let claim;
  while (!claim) {
    await sleep(50);
    const order = (await orders.list()).find(({ state }) => state === 'ordered');
    claim = order && (await claims.claim(order.id, ['ordered'], 'importer', 60_000));
  }
  const { id } = claim.order;
  await running.register.imports.advance(claim, { event: 'fail', to: 'stuck', code: 'X', reason: 'because' });
  const { code, stdout } = await waiting;
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { imports: [{ id: String(id), state: 'stuck', code: 'X' }] }]);
  expect((await coldroom('manager', 'imports', 'retry', String(id))).stdout).toBe(`Import ${id}: ordered\n`);
});

test.each<[number, string, readonly string[]]>([
  [2, 'not absolute', ['import', 'a.tif', ...target]],
  [12, 'NOT_PERMITTED', ['import', '/BUFFER/olga/d.tif', '--target', 'Dataset:5', '--as', 'olga', '--ROLE']],
  [2, 'cannot be used with --server', ['imports', 'faults']],
])('ends with %s and says "%s"', async (code, message, words) => {
  const role = words.includes('--ROLE') ? 'auditor' : 'manager';
  const named = words.filter((word) => word !== '--ROLE').map((word) => word.replace('/BUFFER', buffer.at()));
  expect(await coldroom(role, ...named)).toMatchObject({ code, stderr: expect.stringContaining(message) });
});
