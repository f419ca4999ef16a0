import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { skippedWithout } from '@coldroom/local';
import { BackupScene, describeBackups, goodIn, namesIn } from './testing/backup-scene';
import { coldroom, json, type Ended } from './testing/command-line';

let backups: BackupScene;
let url: string;
let place: string;
let env: Record<string, string>;

const backUp = (more: Readonly<Record<string, string>>) => coldroom(['backup', '--json'], { ...env, ...more });
const drill = (more: Readonly<Record<string, string>>) => coldroom(['drill', 'restore', '--json'], { ...env, ...more });
const failure = (ended: Ended): unknown => json<{ backups: { failure: unknown }[] }>(ended).backups[0]?.failure;
const marker = 'a name that only this register has';

/** No byte of the register is in the file as it is. */
function expectSecret(path: string): void {
  const content = readFileSync(path);
  for (const text of ['PGDMP', marker, 'CREATE TABLE', 'request_image']) expect(content.includes(text)).toBe(false);
}

describeBackups('encrypted backups', () => {
  beforeAll(async () => {
    backups = await BackupScene.start();
    url = await backups.register();
    await backups.sql(url, 'INSERT INTO scan (asked_by) VALUES ($1)', [marker]);
  });
  afterAll(() => backups.stop());
  beforeEach(async () => {
    place = await backups.place();
    env = { REGISTER_DATABASE_URL: url, COLDROOM_BACKUP_DIR: place };
  });

  describe('by age', () => {
    if (skippedWithout('backups encrypted by age', ['age', 'age-keygen'])) {
      it.skip('needs age', () => undefined);
      return;
    }
    let identity: string;
    let recipient: string;
    beforeAll(() => {
      identity = join(backups.dir, 'age.key');
      execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
      recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    });

    it('are written without a private key, and restored with it', async () => {
      const ended = await backUp({ COLDROOM_BACKUP_AGE_RECIPIENT: recipient });
      expect({ code: ended.code, failure: failure(ended) }).toEqual({ code: 0, failure: null });
      const [name = ''] = goodIn(place);
      expect(name).toMatch(/\.dump\.age$/);
      expectSecret(join(place, name));
      const plain = execFileSync('age', ['--decrypt', '--identity', identity, join(place, name)], {
        maxBuffer: 2 ** 28,
      });
      expect(plain.subarray(0, 5).toString()).toBe('PGDMP');
      expect(json(await drill({ COLDROOM_BACKUP_IDENTITY: identity }))).toMatchObject({ register: { name } });
    });

    it('cannot be restored without the key, or with another one', async () => {
      await backUp({ COLDROOM_BACKUP_AGE_RECIPIENT: recipient });
      expect((await drill({})).stderr).toContain('BACKUP_KEY_MISSING');
      const other = join(backups.dir, 'other.key');
      rmSync(other, { force: true });
      execFileSync('age-keygen', ['-o', other], { stdio: 'ignore' });
      const wrong = await drill({ COLDROOM_BACKUP_IDENTITY: other });
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be decrypted') });
      expect(wrong.stderr).not.toContain('AGE-SECRET-KEY');
    });

    it('are not kept where age fails or pg_dump ends early: age would end as if that were all', async () => {
      const bad = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
      expect(failure(await backUp({ COLDROOM_BACKUP_AGE_RECIPIENT: bad }))).toMatchObject({
        code: 'BACKUP_ENCRYPTION_FAILED',
      });
      const programs = join(backups.dir, `programs-${Date.now()}`);
      mkdirSync(programs);
      writeFileSync(join(programs, 'pg_dump'), '#!/bin/sh\n/usr/bin/pg_dump "$@" | head -c 90000; exit 1\n', {
        mode: 0o755,
      });
      const cut = await backUp({
        COLDROOM_BACKUP_AGE_RECIPIENT: recipient,
        PATH: `${programs}:${process.env['PATH']}`,
      });
      expect(failure(cut)).toMatchObject({ code: 'BACKUP_DUMP_FAILED' });
      expect(namesIn(place)).toEqual([]);
    });
  });

  describe('by GnuPG', () => {
    if (skippedWithout('backups encrypted by GnuPG', ['gpg', 'gpgconf'])) {
      it.skip('needs gpg', () => undefined);
      return;
    }
    let home: string;
    let publicKey: string;
    let privateKey: string;
    beforeAll(() => {
      home = join(backups.dir, 'gnupg');
      mkdirSync(home, { mode: 0o700 });
      const gpg = (...args: readonly string[]): Buffer =>
        execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--passphrase', '', ...args], { stdio: 'pipe' });
      gpg('--quick-generate-key', 'Backup <backup@example.org>', 'default', 'default', 'never');
      publicKey = join(backups.dir, 'public.asc');
      privateKey = join(backups.dir, 'private.asc');
      writeFileSync(publicKey, gpg('--armor', '--export'));
      writeFileSync(privateKey, gpg('--armor', '--export-secret-keys'));
    });
    afterAll(() => {
      if (existsSync(home)) execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    });

    it('are written with a public key, and restored with the private one', async () => {
      const ended = await backUp({ COLDROOM_BACKUP_GPG_KEY: publicKey });
      expect({ code: ended.code, failure: failure(ended) }).toEqual({ code: 0, failure: null });
      const [name = ''] = goodIn(place);
      expect(name).toMatch(/\.dump\.gpg$/);
      expectSecret(join(place, name));
      expect((await drill({})).stderr).toContain('BACKUP_KEY_MISSING');
      expect((await drill({ COLDROOM_BACKUP_IDENTITY: publicKey })).stderr).toContain('BACKUP_KEY_MISSING');
      expect(json(await drill({ COLDROOM_BACKUP_IDENTITY: privateKey }))).toMatchObject({ register: { name } });
    });
  });

  it('counts dumps of all kinds together, and refuses two ways at once', async () => {
    const ended = await coldroom(['backup', '--dry-run'], {
      ...env,
      COLDROOM_BACKUP_AGE_RECIPIENT: 'age1x',
      COLDROOM_BACKUP_GPG_KEY: '/key',
    });
    expect(ended).toMatchObject({ code: 10, stderr: expect.stringContaining('encrypted in one way') });
  });
});
