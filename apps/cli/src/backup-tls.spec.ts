import { execFileSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BackupScene, describeBackups, goodIn } from './testing/backup-scene';
import { coldroom, json } from './testing/command-line';

interface Result {
  readonly database: string;
  readonly failure: { readonly code: string } | null;
}

let scene: BackupScene;
let certificate: string;
let omero: string;
let place: string;
let register: string;

describeBackups('coldroom backup over TLS', () => {
  beforeAll(async () => {
    scene = await BackupScene.start();
    certificate = join(scene.dir, 'ca.pem');
    const key = join(scene.dir, 'key.pem');
    const words = [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
    ];
    execFileSync('openssl', words, { stdio: 'ignore' });
    const [data] = await scene.sql(scene.server.url, 'SHOW data_directory');
    const { uid, gid } = statSync((data as { data_directory: string }).data_directory);
    chownSync(key, uid, gid);
    for (const [name, value] of [
      ['ssl_cert_file', certificate],
      ['ssl_key_file', key],
      ['ssl', 'on'],
    ])
      await scene.sql(scene.server.url, `ALTER SYSTEM SET ${name} = '${value}'`);
    await scene.sql(scene.server.url, 'SELECT pg_reload_conf()');
    register = await scene.register();
    omero = await scene.database();
    await scene.sql(omero, 'CREATE TABLE image (id bigint)'); // a dump without any table is refused
    place = await scene.place();
  });
  afterAll(() => scene.stop());

  /** The failure of the dump of OMERO's database, if it is reached by this URL. */
  async function failureOver(parameters: string): Promise<string | undefined> {
    const ended = await coldroom(['backup', '--json'], {
      REGISTER_DATABASE_URL: register,
      COLDROOM_BACKUP_DIR: place,
      BACKUP_OMERO_DATABASE_URL: `${omero}?${parameters}`,
    });
    const { backups } = json<{ readonly backups: readonly Result[] }>(ended);
    return backups.find(({ database }) => database === 'omero')?.failure?.code;
  }

  it.each(['require', 'verify-ca', 'verify-full'])(
    'with sslmode=%s refuses a server whose authority is not trusted',
    async (mode) => {
      const before = goodIn(place).filter((name) => name.includes('omero')).length;
      expect(await failureOver(`sslmode=${mode}`)).toBe('BACKUP_TLS_REFUSED');
      expect(goodIn(place).filter((name) => name.includes('omero'))).toHaveLength(before);
    },
  );

  it.each(['sslmode=no-verify', 'sslmode=require&sslrootcert='])('reaches a server with %s', async (parameters) => {
    const certificateToo = parameters.endsWith('=') ? encodeURIComponent(certificate) : '';
    expect(await failureOver(`${parameters}${certificateToo}`)).toBeUndefined();
  });
});
