import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from './settings';

let dir: string;
beforeAll(() => (dir = mkdtempSync(join(tmpdir(), 'coldroom-settings-'))));
afterAll(() => rmSync(dir, { recursive: true }));

async function read(text: string): Promise<unknown> {
  writeFileSync(join(dir, 'agent.yml'), text);
  return readSettings(join(dir, 'agent.yml'));
}
const base = 'server: https://omero.example.org/coldroom\ntoken: token\n';
const watched = (more: string): string => `${base}watch: [{ directory: data, target: "Dataset:5", ${more} }]\n`;

test('paths are relative to the file, and amounts have units', async () => {
  const text = `${watched('sets: "{person}/{name}", settle: 10m, remove: 30d')}rate: 20MB/s\nhours: { from: "19:00", to: "07:30" }\n`;
  expect(await read(text)).toMatchObject({
    token: join(dir, 'token'),
    rate: 20e6,
    hours: { from: 1140, to: 450 },
    watch: [{ directory: join(dir, 'data'), settle: 600_000, remove: 30 * 86_400_000 }],
  });
});

test.each([
  ['server', 'server: http://omero.example.org\ntoken: t\n'],
  ['Unrecognized key', `${base}speed: 1\n`],
  ['rate', `${base}rate: fast\n`],
  ['hours.from', `${base}hours: { from: "25:00", to: "07:00" }\n`],
  ['watch.0', watched('settle: 1m')],
  ['watch.0', watched('person: alice, sets: "{person}/{name}"')],
  ['watch.0.sets', watched('person: alice, sets: "../{name}"')],
  ['watch.0.remove', watched('person: alice, remove: soon')],
  ['cannot be used', 'a: [\n'],
])('a fault of %s is named', async (what, text) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'AGENT_SETTINGS', message: expect.stringContaining(what) });
});
