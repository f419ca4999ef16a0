import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@coldroom/local';
import { createToken, revokeToken } from '@coldroom/operations';
import { RunningConsole } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

const bin = join(__dirname, '../../../cli/bin/coldroom.js');
let running: RunningConsole;
let directory: string;
let server: string;
beforeAll(async () => {
  running = await RunningConsole.start('api_command_line');
  server = `${running.address}/coldroom/`;
  directory = mkdtempSync(join(tmpdir(), 'coldroom-token-'));
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await running.stop();
});

async function tokenFile(name: string, role = 'manager'): Promise<string> {
  const { secret } = await createToken(running.register, { name, role, days: 1, by: 'root' });
  const file = join(directory, name);
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without any settings: the command has the server only. */
async function coldroom(...words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...words],
      { env: { PATH: process.env['PATH'], TZ: 'UTC' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

test('the read commands print what they print with the databases', async () => {
  const id = await running.newRequest('image.tif', 2);
  await brought(running.register, id, () => 'released');
  const there = ['--server', server, '--token-file', await tokenFile('reader', 'auditor')];
  expect(await coldroom(...there, 'requests', 'list', '--state', 'Finished')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^request +state .*\\n +${id} +Finished +alice +lab +alice`)),
    stderr: '',
  });
  expect((await coldroom(...there, 'requests', 'show', `${id}`)).stdout).toMatch(/State +Finished[^]*Newest events/);
  expect((await coldroom(...there, 'files', 'list', '--request', `${id}`, '--limit', '3')).stdout).toMatch(
    /4\.\d+|released[^]*There may be more: --after \d+/,
  );
  const [file] = await running.register.reports.files({ requestId: id });
  expect((await coldroom(...there, 'files', 'show', `${file!.id}`)).stdout).toContain('1.00 GiB (1,073,741,824 bytes)');
  expect((await coldroom(...there, 'status')).stdout).toMatch(/Requests[^]*Finished 1[^]*released/);
  const json = await coldroom(...there, '--json', 'requests', 'list');
  expect(JSON.parse(json.stdout)).toMatchObject({ requests: [{ id: id.toString(), bytes: (4n << 30n).toString() }] });
});

test('a manager approves and declines, and each exit code is as with the databases', async () => {
  const [one, other] = [await running.newRequest(), await running.newRequest()];
  const there = ['--server', server, '--token-file', await tokenFile('manager')];
  expect(await coldroom(...there, 'requests', 'approve', `${one}`, '--dry-run')).toMatchObject({ code: 0 });
  expect((await running.register.requests.get(one))?.state).toBe('New');
  expect(await coldroom(...there, 'requests', 'approve', `${one}`, '--yes')).toMatchObject({
    code: 0,
    stdout: `approved  request ${one}: 2 files, 2.00 GiB\n`,
  });
  expect(await running.register.requests.get(one)).toMatchObject({ state: 'Approved', decidedBy: 'token:manager' });
  expect((await coldroom(...there, 'requests', 'decline', `${other}`, '--reason', 'no', '--yes')).code).toBe(0);
  expect(await running.register.requests.get(other)).toMatchObject({ state: 'Declined', reason: 'no' });
  expect(await coldroom(...there, 'requests', 'approve', `${one}`, '--yes')).toMatchObject({ code: 12 });
  expect(await coldroom(...there, 'requests', 'approve', '999', '--yes')).toMatchObject({ code: 4 });
  expect(await coldroom(...there, 'requests', 'show', '999')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('404 NO_SUCH_REQUEST'),
  });
});

test('a role that may not decide is refused', async () => {
  const id = await running.newRequest();
  const there = ['--server', server, '--token-file', await tokenFile('auditor', 'auditor')];
  expect(await coldroom(...there, 'requests', 'approve', `${id}`, '--yes')).toMatchObject({
    code: 12,
    stderr: expect.stringContaining('403 NOT_PERMITTED'),
  });
});

test('images are brought back: first the plan, then the order', async () => {
  const id = await running.newRequest('image.tif', 2);
  await brought(running.register, id, () => 'released');
  const [file] = await running.register.reports.files({ requestId: id });
  const there = ['--server', server, '--token-file', await tokenFile('restorer')];
  const restore = [...there, 'restore', file!.fileset, 'Image:999999', '--no-wait'];
  expect(await coldroom(...restore, '--dry-run')).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/To fetch from store tape: 2 files[^]*not for this token: Image:999999/),
  });
  const asked = await coldroom(...restore, '--yes');
  expect(asked).toMatchObject({ code: 3, stdout: expect.stringContaining('2 files requested back') });
  expect(await running.register.retrievalReports.list(undefined, { limit: 1 })).toMatchObject([
    { requestId: id, askedBy: 'token:restorer', way: 'restore' },
  ]);
  const [retrieval] = await running.register.retrievalReports.list(undefined, { limit: 1 });
  const listed = new RegExp(`^ +${retrieval!.id} +${id} +restore +under way +2 +2 +2.00 GiB +token:restorer`, 'm');
  expect((await coldroom(...there, 'retrievals', 'list')).stdout).toMatch(listed);
  const shown = await coldroom(...there, 'retrievals', 'show', `${retrieval!.id}`);
  expect(shown.stdout).toMatch(/State +under way[^]*retrieving +2 +2.00 GiB[^]*2 images +image.tif/);
  expect((await coldroom(...there, 'retrievals', 'show', '999999')).code).toBe(4);
  expect(await coldroom(...restore, '--cancel', '--dry-run')).toMatchObject({
    code: 3,
    stdout: 'Would be given up: 2 files, 2.00 GiB\nNot in the archive, or not for this token: Image:999999\n',
  });
  expect(await coldroom(...restore, '--cancel', '--yes')).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/^2 files stay archived\. A FROM-ARCHIVE mark/),
  });
  expect((await running.register.retrievalReports.list(undefined, { limit: 1 }))[0]).toMatchObject({ state: 'ended' });
  expect(await coldroom(...restore, '--cancel', '--yes')).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/^Nothing of this is being fetched/),
  });
});

test.each<[string, readonly string[], RegExp]>([
  ['a command that needs the databases', ['audit'], /cannot be used with --server: it needs the databases/],
  ['--by', ['requests', 'approve', '1', '--yes', '--by', 'dora'], /--by cannot be used with --server/],
])('%s is refused', async (_what, words, text) => {
  const there = ['--server', server, '--token-file', join(directory, 'none')];
  expect(await coldroom(...there, ...words)).toMatchObject({ code: 2, stderr: expect.stringMatching(text) });
});

test('a token that others can read, or that is none, is not sent', async () => {
  const file = await tokenFile('open');
  chmodSync(file, 0o644);
  expect(await coldroom('--server', server, '--token-file', file, 'status')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`chmod 600 ${file}`),
  });
  writeFileSync(join(directory, 'wrong'), 'secret of someone', { mode: 0o600 });
  const wrong = await coldroom('--server', server, '--token-file', join(directory, 'wrong'), 'status');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.not.stringContaining('secret of someone')]);
  expect((await coldroom('--server', server, 'status')).code).toBe(2);
  chmodSync(file, 0o600);
  expect((await coldroom('--server', 'http://facility.example.org/', '--token-file', file, 'status')).stderr).toMatch(
    /https:\/\//,
  );
});

test('a revoked token, a server that is not there, and one that is no console: each says what to do', async () => {
  const file = await tokenFile('revoked');
  await revokeToken(running.register, 'revoked', 'root');
  const status = (url: string): Promise<Ended> => coldroom('--server', url, '--token-file', file, 'status');
  expect(await status(server)).toMatchObject({ code: 12, stderr: expect.stringContaining('coldroom tokens list') });
  expect(await status(`http://127.0.0.1:${await freePort()}/`)).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('ECONNREFUSED'),
  });
  const seen: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    seen.push(request.url);
    response.writeHead(302, { location: `${server}api/v1/status` }).end('<html>');
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  expect(await status(`http://127.0.0.1:${port}/`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is it the address of the console'),
  });
  expect(seen).toEqual(['/api/v1/status']);
  other.close();
});
