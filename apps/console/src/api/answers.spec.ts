import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';
import { SampleBuffer } from '../testing/sample-buffer';
import { brought } from '../testing/sample-requests';
import { sampleOmeroUsage } from '../testing/sample-usage';

let running: RunningConsole;
let buffer: SampleBuffer;
/** A data manager, and OMERO's root, for what others may not see. */
let dora: Browser;
let root: Browser;
let document: OpenAPIObject;
let archived: bigint;
beforeAll(async () => {
  buffer = await SampleBuffer.make();
  running = await RunningConsole.start('api_answers', { imports: buffer.settings });
  archived = await running.newRequest('image.tif', 2);
  await brought(running.register, archived, () => 'released');
  await running.register.storeHealth.record([storeLook]);
  await running.register.usage.omero.mirror(sampleOmeroUsage, 0);
  await running.register.usage.recordDay();
  dora = new Browser(running);
  await dora.signIn('dora');
  root = new Browser(running);
  await root.signIn('root');
  document = JSON.parse((await dora.get('/api/v1/openapi.json')).text) as OpenAPIObject;
});
afterAll(async () => {
  await running.stop();
  buffer.remove();
});

const storeLook = {
  name: 'tape',
  kind: 'file',
  isDefault: true,
  groups: [],
  place: '/tape',
  price: { perTBYear: 90, currency: 'EUR' },
  fault: null,
  space: { directory: '/tape', freeBytes: 1n << 40n, totalBytes: 4n << 40n },
};

type Call = readonly [path: string, body?: unknown, headers?: Record<string, string>];
const fileset = async (): Promise<string> =>
  (await running.register.reports.files({ requestId: archived }))[0]!.fileset;
const decided = async (): Promise<Call> => [
  `requests/${await running.newRequest()}/decision`,
  { decision: 'approve' },
  { 'if-match': '"1"' },
];
const asked = async (): Promise<string> => {
  const { text } = await send('post', ['retrievals', { targets: [await fileset()], way: 'restore' }]);
  return (JSON.parse(text) as { retrievals: string[] }).retrievals[0] ?? '';
};

/** A call of each operation. An operation that is missing here fails the test. */
const calls: Readonly<Record<string, () => Promise<Call> | Call>> = {
  'get /files': () => ['files?state=released&state=linked'],
  'get /files/{id}': async () => [`files/${(await running.register.reports.files({ requestId: archived }))[0]!.id}`],
  'get /requests': () => ['requests?state=New&limit=2'],
  'get /requests/{id}': () => [`requests/${archived}`],
  'post /requests/{id}/decision': decided,
  'get /retrievals': () => ['retrievals'],
  'post /retrievals': async () => ['retrievals', { targets: [await fileset()], way: 'restore', dryRun: true }],
  'post /retrievals/cancel': async () => ['retrievals/cancel', { targets: [await fileset()], dryRun: true }],
  'get /retrievals/{id}': async () => [`retrievals/${await asked()}`],
  'get /requests/{id}/events': () => [`requests/${archived}/events?limit=5`],
  'get /overview': () => ['overview'],
  'get /status': () => ['status'],
  'get /stuck': () => ['stuck'],
  'get /switches': () => ['switches'],
  'post /switches/stop': () => ['switches/stop', { reason: 'a disk is replaced' }],
  'post /switches/resume': () => ['switches/resume', { changedAt: new Date().toISOString() }],
  'post /scans': () => ['scans'],
  'get /scans/{id}': async () => [`scans/${await running.register.scans.ask('test')}`],
  'get /scans/last': async () => {
    await running.register.scans.finish(await running.register.scans.ask('test'), { requests: [] }, null);
    return ['scans/last'];
  },
  'get /images': async () => {
    const [image] = await running.register.reports.images(archived);
    return [`images?image=${image!.imageId}&image=999999`];
  },
  'get /buffers': () => [`buffers?path=${buffer.at('alice')}`],
  'get /imports': () => ['imports?state=ordered'],
  'get /imports/{id}': async () => [`imports/${await buffer.order(running.register, 'a.tif')}`],
  'post /imports/{id}/retry': async () => {
    const id = await buffer.order(running.register, 'run-1');
    const claim = await running.register.imports.claims.claim(id, ['ordered'], 'importer', 60_000);
    await running.register.imports.advance(claim!, { event: 'fail', to: 'stuck', code: 'X', reason: 'because' });
    return [`imports/${id}/retry`, {}];
  },
  'delete /imports/{id}': async () => [`imports/${await buffer.order(running.register, 'run-1/c.tif')}`],
  'post /imports': () => [
    'imports',
    { path: buffer.at('alice', 'b.tif'), target: 'Dataset:5', person: 'alice', dryRun: true },
  ],
  'get /me': () => ['me'],
  'put /me/mail': () => ['me/mail', { choice: 'daily' }],
  'get /people': () => ['people'],
  'get /tokens': () => ['tokens'],
  'get /stores': () => ['stores'],
  'get /audit': () => ['audit'],
  'get /usage': () => ['usage'],
  'get /usage/days': () => ['usage/days'],
  'get /reports': () => ['reports'],
  'get /reports/{name}': () => ['reports/usage?rows=user&limit=10'],
  'get /system': async () => {
    const { backupRuns } = running.register;
    for (const kind of ['backup', 'drill'] as const) {
      const of = { kind, database: 'register', place: 'directory', shown: '/backup' } as const;
      await backupRuns.finish(await backupRuns.begin(of, 'test'), { name: 'x.dump', bytes: 7n, report: { files: 1 } });
    }
    return ['system'];
  },
  'delete /retrievals/{id}': async () => [
    `retrievals/${(await running.register.retrievalReports.list(undefined, { limit: 1 }))[0]!.id}`,
  ],
};

const forRoot = ['people', 'tokens', 'system', 'switches/stop', 'switches/resume'];

async function send(method: string, [path, body, headers]: Call) {
  const browser = forRoot.includes(path) ? root : dora;
  return browser.send(`/api/v1/${path}`, {
    method: method.toUpperCase(),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      'x-csrf-token': await browser.csrf(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
}

/** Later versions may answer with more fields, so the document allows them; this version has those that it describes. */
function strict<T>(schema: T): T {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(strict) as T;
  const parts = Object.entries(schema).map(([key, value]) => [key, strict(value)]);
  return Object.fromEntries(
    'properties' in schema && 'type' in schema && schema.type === 'object'
      ? [['additionalProperties', false], ...parts]
      : parts,
  ) as T;
}

test('answers of all operations are as the document says', async () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': true, date: true } });
  ajv.addSchema(strict(document), 'document');
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) {
      const call = calls[`${method} ${path}`];
      if (!call) throw new Error(`no call of ${method} ${path} here`);
      const { status, text } = await send(method, await call());
      const at = ['paths', path, method, 'responses', `${status}`, 'content', 'application/json', 'schema'];
      const pointer = at.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
      const validate = ajv.getSchema(`document#/${pointer}`);
      if (!validate) throw new Error(`${method} ${path} answers ${status}, which the document does not have: ${text}`);
      void validate(JSON.parse(text));
      expect({ method, path, errors: validate.errors }).toEqual({ method, path, errors: null });
    }
});

test('each operation says in a line what it does, and what it takes and answers', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods as Record<string, Record<string, unknown>>))
      expect({ path, method, operation }).toMatchObject({
        operation: {
          summary: expect.stringMatching(/^[A-Z][^.]{5,80}$/),
          responses: { default: { $ref: '#/components/responses/Problem' } },
          ...(method === 'post' &&
            !path.endsWith('/scans') && {
              requestBody: { content: { 'application/json': { schema: expect.anything() } } },
            }),
        },
      });
});

test('docs/openapi.json is what the code gives: npm run openapi writes it', () => {
  const kept = readFileSync(join(__dirname, '../../../../docs/openapi.json'), 'utf8');
  expect(JSON.parse(kept)).toEqual(document);
});

test('the page of the API lists each operation, for everyone', async () => {
  const { status, text } = await new Browser(running).get('/api/docs');
  expect(status).toBe(200);
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) expect(text).toContain(`${method.toUpperCase()} api/v1${path}`);
  expect(text).toContain('href="/coldroom/api/v1/openapi.json"');
});
