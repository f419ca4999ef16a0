import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs the built program with nothing but these settings. */
function start(
  args: readonly string[],
  env: Record<string, string> = {},
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, '..', 'dist', 'main.js'), ...args], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

describe('npm start', () => {
  it('names every missing setting at once and ends with 10', () => {
    const { status, said } = start([]);
    expect(status).toBe(10);
    for (const key of [
      'REGISTER_DATABASE_URL',
      'OMERO_DATABASE_URL',
      'OMERO_DATA_DIR',
      'REDIS_URL',
      'COLDROOM_STORES',
      'COLDROOM_HOLD',
    ])
      expect(said).toContain(`${key} is not set`);
  });

  it('names malformed settings beside the missing ones', () => {
    const { status, said } = start([], { REDIS_URL: 'somewhere', COLDROOM_HOLD: 'a week', OMERO_DATA_DIR: 'OMERO' });
    expect(status).toBe(10);
    expect(said).toContain('REDIS_URL must be a URL');
    expect(said).toContain('COLDROOM_HOLD must be a duration');
    expect(said).toContain('OMERO_DATA_DIR must be an absolute path');
  });

  it('refuses an unknown service with 2, asks the optional ones for their own settings, and explains itself with 0', () => {
    expect(start(['--only', 'linker,shredder'])).toMatchObject({
      status: 2,
      said: expect.stringContaining('shredder'),
    });
    expect(start(['--only', 'console'])).toMatchObject({
      status: 10,
      said: expect.stringContaining('OMERO_WEB_URL is not set'),
    });
    expect(start(['--only', 'notifier'])).toMatchObject({
      status: 10,
      said: expect.stringContaining('SMTP_URL is not set'),
    });
    expect(start(['--only', 'importer'])).toMatchObject({
      status: 10,
      said: expect.stringContaining('IMPORT_OMERO_COMMAND is not set'),
    });
    expect(start(['--help'])).toMatchObject({ status: 0, said: expect.stringContaining('--only') });
  });
});
