import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { migrate, Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { waysIn } from './ways-in';

@Module({})
class App {}

it('takes a set from an instrument into the buffer, orders it from there, and ends in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-ways-in-'));
  const at = (...names: string[]): string => join(dir, ...names);
  const file = (path: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), 'pixels');
    utimesSync(at(path), 1_700_000_000, 1_700_000_000);
  };
  mkdirSync(at('buffer'));
  await writeMarker(at('buffer'), bufferMarker('main'));
  file('scope/alice/day 1/a.tif');
  file('buffer/alice/forgotten/b.tif');
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'importer_ways_in', {
    existing: 'drop',
  });
  await migrate(url);
  const [register, files, log] = [new Register(url), new Files({ threads: 1 }), new RecordedLog()];
  await register.people.mirror({
    people: [
      { id: 7n, login: 'alice', fullName: 'Alice', email: null, active: true, administrator: false, withheld: [] },
    ],
    groups: [{ id: 3n, name: 'lab' }],
    memberships: [{ groupId: 3n, personId: 7n, leader: false }],
  });
  const imports = new Imports(
    parseImports({
      buffers: { main: { directory: at('buffer'), watch: { layout: '{login}/scope/{dataset}' } } },
      instruments: {
        scope: {
          from: at('scope'),
          sets: '{login}/{name}',
          into: { buffer: 'main', directory: '{login}/scope/{name}' },
          ready: { stable: '0' },
        },
      },
    }),
    at('OMERO'),
  );
  const given = [
    { provide: Imports, useValue: imports },
    { provide: Register, useValue: register },
    { provide: Files, useValue: files },
    { provide: Log, useValue: log },
  ];
  const module = { module: App, providers: [...given, ...waysIn({ stableMs: 100, watchEveryMs: 100 })] };
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  try {
    const deadline = Date.now() + 30_000;
    let orders = await register.imports.orders.list();
    for (; orders.length === 0 && Date.now() < deadline; await sleep(100)) {
      await register.imports.pulls.ask('scope', 'test'); // the next look follows at once, and not after `every`
      orders = await register.imports.orders.list();
    }
    expect(orders).toMatchObject([
      { display: at('buffer/alice/scope/day 1'), person: 'alice', target: 'Dataset:name:day 1', origin: 'buffer' },
    ]);
    const [ageing] = await register.imports.unimported.ageing(0, 10);
    expect(ageing?.shown.map(({ display }) => display)).toContain(at('buffer/alice/forgotten'));
  } finally {
    await app.close();
    await files.close();
    await register.close();
    rmSync(dir, { recursive: true });
  }
  expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
}, 60_000);
