import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { removeServerData, startPostgres, type LocalServer } from '@coldroom/local';
import { openPool } from './connection';

const awkward = 'p@:/%?# s';
const rules = `hostssl all certified 127.0.0.1/32 cert
host all all 127.0.0.1/32 scram-sha-256
local all all scram-sha-256
`;

let dir: string;
let server: LocalServer;
const file = (name: string): string => join(dir, name);
const coded = encodeURIComponent;

/** Makes NAME.key and NAME.pem, signed by the authority `ca`. */
function certify(name: string, subject: string, extension: string): void {
  const run = (...words: readonly string[]): unknown => execFileSync('openssl', words, { stdio: 'ignore' });
  const [key, request] = [file(`${name}.key`), file(`${name}.csr`)];
  writeFileSync(file(`${name}.ext`), extension);
  run('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2'];
  run('x509', '-req', '-in', request, ...signer, '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`));
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-addresses-'));
  chmodSync(dir, 0o755);
  const own = ['-subj', '/CN=An authority of our own', '-keyout', file('ca.key'), '-out', file('ca.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...own], { stdio: 'ignore' });
  certify('server', 'a server', 'subjectAltName=IP:127.0.0.1');
  certify('client', 'certified', 'extendedKeyUsage=clientAuth');
  writeFileSync(file('hba.conf'), rules);
  mkdirSync(file('socket'));
  await (await startPostgres({ dir })).stop(); // makes the user that the files have to belong to
  if (process.getuid?.() === 0)
    for (const name of ['server.key', 'socket'])
      chownSync(file(name), Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' })), -1);
  server = await startPostgres({
    dir,
    settings: {
      fsync: 'off',
      ssl: 'on',
      ssl_cert_file: file('server.pem'),
      ssl_key_file: file('server.key'),
      ssl_ca_file: file('ca.pem'),
      hba_file: file('hba.conf'),
      unix_socket_directories: file('socket'),
    },
  });
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE ROLE certified LOGIN; CREATE ROLE "a:b@c" LOGIN PASSWORD '${awkward}'`);
  await admin.end();
});
afterAll(async () => {
  await server.stop();
  removeServerData(dir);
});

/** Who is connected by this URL, and whether over TLS. */
async function reached(url: string): Promise<unknown> {
  const pool = openPool(url, { max: 1 });
  try {
    const { rows } = await pool.query('SELECT current_user AS role, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return rows[0];
  } finally {
    await pool.end();
  }
}

const withParameters = (parameters: string): string => `${server.url}?${parameters}`;

it.each(['verify-full', 'verify-ca', 'require', 'prefer'])(
  'sslmode=%s needs a certificate of the authority that is named',
  async (mode) => {
    expect(await reached(withParameters(`sslmode=${mode}&sslrootcert=${coded(file('ca.pem'))}`))).toEqual({
      role: 'coldroom',
      ssl: true,
    });
    await expect(reached(withParameters(`sslmode=${mode}`))).rejects.toThrow(/certificate/);
  },
);

it('sslmode=verify-full needs the name in the certificate', async () => {
  const other = new URL(withParameters(`sslmode=verify-full&sslrootcert=${coded(file('ca.pem'))}`));
  other.hostname = 'localhost';
  await expect(reached(other.href)).rejects.toThrow(/does not match certificate/);
});

it('sslmode=no-verify encrypts only, and no sslmode does not', async () => {
  expect(await reached(withParameters('sslmode=no-verify'))).toMatchObject({ ssl: true });
  expect(await reached(server.url)).toMatchObject({ ssl: false });
});

it('a client certificate takes the place of a password', async () => {
  const url = new URL(server.url);
  [url.username, url.password] = ['certified', ''];
  const trust = `sslmode=verify-full&sslrootcert=${coded(file('ca.pem'))}`;
  const own = `sslcert=${coded(file('client.pem'))}&sslkey=${coded(file('client.key'))}`;
  expect(await reached(`${url.href}?${trust}&${own}`)).toEqual({ role: 'certified', ssl: true });
  await expect(reached(`${url.href}?${trust}`)).rejects.toThrow(/certificate/);
});

it('names and passwords may have any character, by its code', async () => {
  const { port } = new URL(server.url);
  expect(await reached(`postgres://${coded('a:b@c')}:${coded(awkward)}@127.0.0.1:${port}/postgres`)).toMatchObject({
    role: 'a:b@c',
  });
});

it('a socket is named as the host, or by the parameter host', async () => {
  const { port, username, password } = new URL(server.url);
  const login = `user=${username}&password=${password}&port=${port}`;
  for (const url of [
    `postgres://${username}:${password}@${coded(file('socket'))}:${port}/postgres`,
    `postgresql:///postgres?host=${coded(file('socket'))}&${login}`,
  ])
    expect(await reached(url)).toMatchObject({ role: 'coldroom' });
});
