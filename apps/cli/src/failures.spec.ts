import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@coldroom/local';
import { NotYet, Refused, Transient } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { SettingsError } from '@coldroom/runtime';
import { environment } from './environment';
import { failureOf, UsageError } from '@coldroom/operations';
import { coldroom, coldroomProcess, json } from './testing/command-line';
import { until } from './testing/until';

const dir = mkdtempSync(join(tmpdir(), 'cli-failures-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('exit codes', () => {
  it.each([
    [new UsageError('x'), 2],
    [new SettingsError(['x']), 10],
    [new Transient('REGISTER_UNAVAILABLE', 'x'), 5],
    [new NotYet('BAG_BUSY', 'x'), 11],
    [new NotYet('HELD', 'x'), 5],
    [new Refused('NO_SUCH_REQUEST', 'x'), 4],
    [new Refused('REQUEST_DECIDED', 'x'), 12],
    [new Refused('REDIS_EVICTS', 'x'), 1],
    [new Refused('STORES_INVALID', 'x'), 10],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 5],
    [Object.assign(new Error('x'), { code: '57P01' }), 5],
    [new Error('Connection terminated unexpectedly'), 5],
    [Object.assign(new Error('x'), { code: '42P01' }), 1],
    [Object.assign(new Error('x'), { code: '3D000' }), 10],
    [new Error('a bug'), 1],
    ['thrown', 1],
  ])('%p ends with %i', (error, exitCode) =>
    expect(failureOf(error)).toMatchObject({ exitCode, message: expect.stringMatching(/./) }),
  );

  it('shows a stack for our own faults only', () => {
    expect(failureOf(new Error('a bug')).stack).toContain('failures.spec');
    expect(failureOf(new Refused('REDIS_EVICTS', 'x')).stack).toBeUndefined();
  });

  it('suggests similar commands and options', async () => {
    expect(await coldroom(['requests', 'aprove', '1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean approve?'),
    });
    expect(await coldroom(['status', '--jsno'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean --json?'),
    });
    expect(await coldroom(['undo'])).toMatchObject({ code: 2 });
    expect(await coldroom([])).toMatchObject({ code: 2 });
  });

  it('has help with an example for every command', async () => {
    for (const words of [['scan'], ['requests', 'decline'], ['files', 'abandon'], ['doctor']]) {
      expect(await coldroom([...words, '--help'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/Examples?:\n {2}\$ coldroom/),
      });
    }
  });

  it('points to the help of the command that was called wrongly', async () => {
    expect(await coldroom(['restore'])).toMatchObject({
      code: 2,
      stderr: 'coldroom: missing required argument \'objects\'\n"coldroom restore --help" shows how it is called\n',
    });
    expect((await coldroom(['store', 'validate'])).stderr).toContain('"coldroom store validate --help"');
    expect(JSON.parse((await coldroom(['restore', '--json'])).stderr)).toMatchObject({ error: { code: 'USAGE' } });
  });

  it('says that a setting is missing: 10', async () => {
    expect(await coldroomProcess(['status'])).toMatchObject({
      code: 10,
      stderr: expect.stringMatching(
        /REGISTER_DATABASE_URL is not set\nSettings are read from the environment, or from the file that --env names/,
      ),
    });
  });
});

describe('a register that is missing', () => {
  it('refused: 5, at once', async () => {
    const ended = await coldroom(['status', '--json'], { REGISTER_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' });
    expect(ended.code).toBe(5);
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code: 'REGISTER_UNAVAILABLE', exitCode: 5 } });
    expect(ended.stderr).not.toContain('    at ');
  });

  it.concurrent('hung: 5, within 15 seconds', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    try {
      const began = performance.now();
      const { code } = await coldroomProcess(['requests', 'list'], {
        REGISTER_DATABASE_URL: `postgres://a:b@127.0.0.1:${(silent.address() as AddressInfo).port}/c`,
      });
      expect(code).toBe(5);
      expect(performance.now() - began).toBeLessThan(15_000);
    } finally {
      silent.close();
    }
  });

  it.concurrent('stops answering in the middle: 5, within 20 seconds', async () => {
    const url = new URL(
      await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_silent', { existing: 'drop' }),
    );
    expect((await coldroom(['migrate'], { REGISTER_DATABASE_URL: url.href })).code).toBe(0);
    const register = new Register(url.href);
    const port = Number(url.port); // before it becomes the proxy's
    const sockets: Socket[] = [];
    let silent = false;
    const proxy = createServer((socket) => {
      const behind = connect(port, url.hostname);
      sockets.push(socket, behind);
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          if (!silent) behind.write(data);
        });
      behind
        .on('error', () => undefined)
        .on('data', (data) => {
          if (!silent) socket.write(data);
        });
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    url.port = String((proxy.address() as AddressInfo).port);
    try {
      const ended = coldroomProcess(['scan'], { REGISTER_DATABASE_URL: url.href });
      await until(async () => (await register.scans.get(1n)) !== undefined);
      silent = true;
      const began = performance.now();
      expect(await ended).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('does not answer (no answer within 10 s)'),
      });
      expect(performance.now() - began).toBeLessThan(16_000);
    } finally {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await register.close();
    }
  });

  it('empty: names migrate, which then fixes it', async () => {
    const env = {
      REGISTER_DATABASE_URL: await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_migrate', {
        existing: 'drop',
      }),
    };
    expect(await coldroom(['status'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('run "coldroom migrate"'),
    });
    expect(json<{ migrations: string[] }>(await coldroom(['migrate', '--json'], env)).migrations).toContain(
      '0001_register',
    );
    expect(await coldroom(['migrate'], env)).toMatchObject({ code: 0, stdout: 'The register is up to date.\n' });
    expect(await coldroom(['status'], env)).toMatchObject({ code: 0 });
  });

  it('another password: 12; no such database: 10', async () => {
    const url = new URL(process.env['TEST_POSTGRES_URL'] as string);
    url.pathname = '/nothing';
    expect(await coldroom(['status'], { REGISTER_DATABASE_URL: url.href })).toMatchObject({ code: 10 });
    url.password = 'wrong';
    expect(await coldroom(['status'], { REGISTER_DATABASE_URL: url.href })).toMatchObject({ code: 12 });
  });
});

describe('--env', () => {
  const file = join(dir, 'coldroom.env');

  it('takes precedence over the environment, and is accepted anywhere on the command line', async () => {
    writeFileSync(file, '# settings\nREGISTER_DATABASE_URL="postgres://a:b@127.0.0.1:1/c"\n');
    expect((await coldroomProcess(['status', '--env', file], { REGISTER_DATABASE_URL: 'not a url' })).code).toBe(5);
    expect((await coldroom(['--env', file, 'status'])).code).toBe(5);
    expect(await coldroom(['status', '--env', join(dir, 'none')])).toMatchObject({
      code: 10,
      stderr: expect.stringContaining('ENOENT'),
    });
  });
  it('does not conflict with the other way to give the same setting', () => {
    writeFileSync(file, 'SMTP_URL=smtp://x\nREDIS_URL_FILE=/run/redis\n');
    process.env['SMTP_URL_FILE'] = '/run/smtp';
    process.env['REDIS_URL'] = 'redis://x';
    try {
      const env = environment(file);
      expect([env['SMTP_URL'], env['SMTP_URL_FILE'], env['REDIS_URL'], env['REDIS_URL_FILE']]).toEqual([
        'smtp://x',
        undefined,
        undefined,
        '/run/redis',
      ]);
    } finally {
      delete process.env['SMTP_URL_FILE'];
      delete process.env['REDIS_URL'];
    }
  });
});
