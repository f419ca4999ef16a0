import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultRule } from './faults';
import { startFakeArkivum, type FakeArkivum } from './server';

let top: string;
let mount: string;
let fake: FakeArkivum | undefined;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'fake-arkivum-'));
  mount = join(top, 'mount');
  mkdirSync(mount);
});
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
  rmSync(top, { recursive: true });
});

const md5 = (content: string): string => createHash('md5').update(content).digest('hex');

async function start(part: object = {}): Promise<FakeArkivum> {
  fake = await startFakeArkivum({ dir: join(top, 'dir'), mount, ...part });
  return fake;
}

async function ask(
  path: string,
  {
    method = 'GET',
    body = '',
    timeout = 5000,
    of = fake!,
  }: { method?: string; body?: string; timeout?: number; of?: Pick<FakeArkivum, 'url' | 'caFile'> } = {},
): Promise<{ status: number; text: string; json: Record<string, never> }> {
  const sent = request(`${of.url}${path}`, { method, ca: readFileSync(of.caFile), timeout, agent: false });
  sent.on('timeout', () => sent.destroy(new Error('silent')));
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number; headers: Record<string, string> },
  ];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  return {
    status: response.statusCode,
    text,
    json:
      response.headers['content-type']?.startsWith('application/json') && text !== ''
        ? (JSON.parse(text) as Record<string, never>)
        : {},
  };
}

const info = (path: string): ReturnType<typeof ask> => ask(`/api/2/files/fileInfo/${path}`);

it('reports of a file on its mount what the appliance reports', async () => {
  await start();
  expect((await info('a%20b')).status).toBe(404);
  writeFileSync(join(mount, 'a b'), 'content');
  expect(await info('a%20b')).toMatchObject({
    status: 200,
    json: {
      ingestState: 'FINAL',
      replicationState: 'green',
      size: 7,
      md5: md5('content'),
      local: true,
      file: true,
      path: '/a b',
    },
  });
  writeFileSync(join(mount, 'a b'), 'changed');
  expect((await info('a%20b')).json).toMatchObject({ md5: md5('changed') });
});

it('detects a file late, then takes its time', async () => {
  await start({ pace: { seen: 0.2, final: 0.4, amber: 0.6, green: 0.8 } });
  writeFileSync(join(mount, 'a'), 'content');
  const seen = new Set<string>();
  for (let green = false; !green;) {
    const { status, json } = await info('a');
    const { ingestState, replicationState, md5: its } = json as Record<string, string | null>;
    seen.add(status === 404 ? 'nothing' : `${ingestState} ${replicationState} ${its === null ? 'no md5' : 'md5'}`);
    green = replicationState === 'green';
  }
  expect([...seen]).toEqual(['nothing', 'PRIMARY red no md5', 'FINAL red md5', 'FINAL amber md5', 'FINAL green md5']);
});

it('ingests a file that is released, compares it, and reports its progress', async () => {
  await start();
  writeFileSync(join(mount, 'a'), 'content');
  const told = (checksum: string): string =>
    JSON.stringify({ size: '7', checksum, checksumAlgorithm: 'md5', compressionAlgorithm: '' });
  const right = await ask('/api/2/files/release/a', { method: 'POST', body: told(md5('content')) });
  expect(right).toMatchObject({ status: 202, json: { reason: null, fileInformation: { md5: md5('content') } } });
  expect(await ask(`/api/2/files/release/${String(right.json['id'])}`)).toMatchObject({
    status: 200,
    json: { status: 'Completed', fileInformation: { replicationState: 'green' } },
  });
  const wrong = await ask('/api/2/files/release/a', { method: 'POST', body: told(md5('other')) });
  expect(await ask(`/api/2/files/release/${String(wrong.json['id'])}`)).toMatchObject({ json: { status: 'Failed' } });
  expect((await ask('/api/2/files/release/none', { method: 'POST', body: told('') })).status).toBe(404);
});

it('accepts a bag, and reports what is wrong with it', async () => {
  await start();
  mkdirSync(join(mount, 'bag/data'), { recursive: true });
  for (const name of ['bagit.txt', 'bag-info.txt', 'data/a']) writeFileSync(join(mount, 'bag', name), name);
  writeFileSync(join(mount, 'bag/manifest-md5.txt'), `${md5('data/a')}  data/a\n`);
  const form = '--x\r\nContent-Disposition: form-data; name="bagitPath"\r\n\r\n/bag\r\n--x--\r\n';
  const { status, json } = await ask('/api/3/ingest-manifest/release', { method: 'POST', body: form });
  expect(status).toBe(202);
  const state = (): ReturnType<typeof ask> => ask(`/api/3/ingest-manifest/status/${String(json['id'])}`);
  expect(await state()).toMatchObject({
    json: {
      status: 'Completed',
      processed: 1,
      passed: '1',
      replicationState: 'green',
      replicationStates: { green: 1 },
    },
  });
  writeFileSync(join(mount, 'bag/data/a'), 'rotten');
  expect(await state()).toMatchObject({
    json: { status: 'Failed', failures: [{ filepath: 'data/a', reason: 'Initial verification failed' }] },
  });
});

it('drops files from its cache and brings them back on request', async () => {
  await start({ pace: { restored: 0.2 } });
  writeFileSync(join(mount, 'a'), 'content');
  const {
    json: { id },
  } = await info('a');
  fake!.evict('a');
  expect((await info('a')).json).toMatchObject({ local: false });
  const asked = await ask(`/api/2/local-cache/restore-request/${String(id)}`, { method: 'POST' });
  let state = 'Scheduled';
  while (state === 'Scheduled')
    state = (await ask(`/api/2/local-cache/restore-request/${String(asked.json['id'])}`)).json[
      'status'
    ] as unknown as string;
  expect((await info('a')).json).toMatchObject({ local: true });
});

it('has one answer for each fault', async () => {
  await start();
  writeFileSync(join(mount, 'a'), 'content');
  const under = async (fault: FaultRule['fault']): Promise<Awaited<ReturnType<typeof ask>>> => {
    fake!.setFaults([{ path: '^a$', api: 'fileInfo', fault }]);
    const answer = await ask('/api/2/files/fileInfo/a', { timeout: 300 });
    expect(fake!.unusedFaults()).toEqual([]);
    return answer;
  };
  expect((await under({ kind: 'late', seconds: 60 })).status).toBe(404);
  await expect(under({ kind: 'silent' })).rejects.toThrow('silent');
  await expect(under({ kind: 'cut' })).rejects.toThrow();
  expect((await under({ kind: 'status', status: 500 })).status).toBe(500);
  expect(await under({ kind: 'html' })).toMatchObject({ status: 200, text: expect.stringContaining('<html>') });
  expect((await under({ kind: 'redirect', to: 'http://169.254.169.254/' })).status).toBe(302);
  expect((await under({ kind: 'null-md5' })).json).toMatchObject({ md5: null });
  expect((await under({ kind: 'capital-md5' })).json).toMatchObject({ MD5: md5('content').toUpperCase() });
  expect((await under({ kind: 'size-as-text' })).json).toMatchObject({ size: '7' });
  expect((await under({ kind: 'stays', replicationState: 'red' })).json).toMatchObject({ replicationState: 'red' });
  expect((await under({ kind: 'ingest-state', ingestState: 'PRIMARY' })).json).toMatchObject({
    ingestState: 'PRIMARY',
  });
  expect((await under({ kind: 'lies', size: 6 })).json).toMatchObject({ size: 6, md5: md5('content') });
  expect((await under({ kind: 'extra-fields' })).json).toMatchObject({ colour: 'green' });
  fake!.setFaults([{ path: 'b', fault: { kind: 'silent' } }]);
  expect((await info('a')).json).toMatchObject({ replicationState: 'green' });
  expect(fake!.unusedFaults().length).toBe(1);
  expect(() => fake!.setFaults([{ fault: { kind: 'slient' } as never }])).toThrow('there is no fault "slient"');
});

it('goes from green back to amber, and fails only as often as configured', async () => {
  await start({
    faults: [{ fault: { kind: 'sinks', answers: 2 } }, { times: 1, fault: { kind: 'status', status: 503 } }],
  });
  writeFileSync(join(mount, 'a'), 'content');
  const answers = [];
  for (let nr = 0; nr < 4; nr += 1) answers.push(await info('a'));
  expect(answers.map(({ status, json }) => (status === 200 ? json['replicationState'] : status))).toEqual([
    503,
    'green',
    'amber',
    'amber',
  ]);
});

it('keeps its state through a restart, also of files gone from its mount', async () => {
  const first = await start();
  writeFileSync(join(mount, 'a'), 'content');
  const before = (await info('a')).json;
  first.evict('a');
  await first.stop();
  renameSync(join(mount, 'a'), join(mount, 'b'));
  const second = await start();
  expect((await info('a')).json).toMatchObject({ id: before['id'], md5: md5('content'), local: false });
  expect(readFileSync(second.caFile)).toEqual(readFileSync(first.caFile));
});

it('is a separate program', async () => {
  const faults = join(top, 'faults.json');
  writeFileSync(faults, JSON.stringify([{ path: 'ill', fault: { kind: 'status', status: 500 } }]));
  writeFileSync(join(mount, 'well'), 'content');
  const child = spawn(
    process.execPath,
    [join(__dirname, '../dist/main.js'), '--dir', join(top, 'dir'), '--mount', mount, '--faults', faults],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const of = JSON.parse(line.toString()) as { url: string; caFile: string };
    expect((await ask('/api/2/files/fileInfo/well', { of })).json).toMatchObject({ md5: md5('content') });
    expect((await ask('/api/2/files/fileInfo/ill', { of })).status).toBe(500);
  } finally {
    child.kill();
    expect((await once(child, 'exit'))[0]).toBe(0);
  }
});
