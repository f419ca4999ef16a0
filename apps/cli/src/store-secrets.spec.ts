import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeMarker } from '@coldroom/files';
import { coldroom, coldroomProcess } from './testing/command-line';
import { sampleRegister } from './testing/sample-register';

/** The access keys with which requests were signed. The server refuses all of them. */
const signedWith: string[] = [];
let server: Server;
let base: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, key = 'unsigned'] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    signedWith.push(key);
    response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = mkdtempSync(join(tmpdir(), 'cli-secrets-'));
  for (const name of ['OMERO', 'OMERO/ManagedRepository', 'recall']) mkdirSync(join(base, name));
  await writeMarker(join(base, 'recall'), 'recall');
  writeFileSync(join(base, 'access'), 'FROMFILE\n');
  writeFileSync(join(base, 'secret'), 'hidden\n');
  const sample = await sampleRegister('secrets');
  await sample.register.close();
  env = {
    REGISTER_DATABASE_URL: sample.url,
    OMERO_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
    OMERO_DATA_DIR: join(base, 'OMERO'),
    COLDROOM_STORES: join(base, 'stores.json'),
    REDIS_URL: process.env['TEST_REDIS_URL'] as string,
    COLDROOM_HOLD: '7d',
    S3_ACCESS: 'FROMENV',
    S3_SECRET: 'hidden',
  };
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(base, { recursive: true });
});
beforeEach(() => signedWith.splice(0));

const byName = { accessKeyEnv: 'S3_ACCESS', secretKeyEnv: 'S3_SECRET' };
const inFile = (): object => ({ accessKeyFile: join(base, 'access'), secretKeyFile: join(base, 'secret') });

function configure(keys: object): void {
  const main = {
    kind: 's3',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    insecure: true,
    bucket: 'archive',
    recallDirectory: join(base, 'recall'),
    ...keys,
  };
  writeFileSync(env['COLDROOM_STORES']!, JSON.stringify({ default: 'main', stores: { main } }));
}

describe.each([
  ['doctor', ['doctor'], coldroomProcess],
  ['audit', ['audit', '--store', 'main'], coldroom],
  ['store list', ['store', 'list'], coldroom],
])('coldroom %s', (_, words, call) => {
  it('signs requests to S3 with keys that the settings take from the environment', async () => {
    configure(byName);
    const { stdout, stderr } = await call(words, env);
    expect(stdout + stderr).not.toContain('is not in the environment variable');
    expect([...new Set(signedWith)]).toEqual(['FROMENV']);
  });

  it('signs them with keys from the file that --env names', async () => {
    configure(byName);
    const { S3_ACCESS: _, ...others } = env;
    writeFileSync(join(base, 'coldroom.env'), 'S3_ACCESS=FROMENVFILE\n');
    await call(['--env', join(base, 'coldroom.env'), ...words], others);
    expect([...new Set(signedWith)]).toEqual(['FROMENVFILE']);
  });

  it('signs them with keys from files', async () => {
    configure(inFile());
    await call(words, env);
    expect([...new Set(signedWith)]).toEqual(['FROMFILE']);
  });

  it('sends nothing where a key is missing', async () => {
    configure({ ...byName, secretKeyEnv: 'S3_NO_SECRET' });
    const { stdout, stderr } = await call(words, env);
    expect(stdout + stderr).toContain('environment variable S3_NO_SECRET');
    expect(signedWith).toEqual([]);
  });
});
