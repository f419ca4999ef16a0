import { createHash } from 'node:crypto';
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '@coldroom/runtime';
import { connected } from './omero';
import { sealedBagsIn } from './store-kinds';
import { imageOf } from './tree';
import { World } from './world';

let world: World;
afterAll(() => world.close());
beforeAll(async () => {
  world = await World.create();
  world.services.startAll(['linker']);
  for (const [hold, people] of [
    ['0', ['ann', 'ben', 'cleo']],
    ['7d', ['dora', 'eve', 'finn']],
  ] as const) {
    const linker = world.start('linker', { env: { COLDROOM_HOLD: hold } });
    const requests: bigint[] = [];
    for (const person of people) {
      await world.lay(
        [
          {
            files: [
              { name: 'a.tif', size: 5000 },
              { name: 'empty.txt', size: 0 },
            ],
          },
          { files: [{ name: 'b.tif', size: 700 }], images: 2 },
        ],
        person,
      );
      requests.push(await world.approve());
    }
    for (const requestId of requests) await world.reached(requestId, hold === '0' ? 'released' : 'linked');
    await linker.kill();
  }
  await world.services.killAll();
  await world.checkAtRest();
});

test('a rebuild killed again and again ends in the same register as an undisturbed one', async () => {
  await world.loseRegister();
  await world.coldroom('rebuild');
  await world.checkAtRest();
  const undisturbed = await registerOf(world);
  expect(undisturbed['bag']).toHaveLength(6);

  const disk = imageOf(world.data, world.store);
  await world.loseRegister();
  await slowly(world);
  for (const bags of [0, 2, 4]) {
    const command = world.services.command('rebuild');
    await inTheMiddle(world, bags);
    await command.kill();
    expect(imageOf(world.data, world.store)).toEqual(disk);
  }
  await world.coldroom('rebuild');
  await world.checkAtRest();
  expect(await registerOf(world)).toEqual(undisturbed);
});

test('a bag whose lists leave it is left out, and nothing in it is trusted', async () => {
  const theirs = foreignBag(
    join(world.store, sealedBagsIn(world.store)[0]!),
    `${world.data
      .split('/')
      .map(() => '..')
      .join('/')}${world.data}/ManagedRepository/stray.tif`,
  );
  try {
    await world.loseRegister();
    const command = world.services.command('rebuild');
    await expect(command.exited).resolves.toMatchObject({ code: exitCodes.partly });
    expect(command.lines.join()).toContain('ENTRY_NOT_ALLOWED');
    expect((await registerOf(world))['bag']).toHaveLength(6);
    expect((await world.register.reports.files({ limit: 1000 })).filter(({ path }) => path.includes('stray'))).toEqual(
      [],
    );
  } finally {
    rmSync(theirs, { recursive: true });
  }
  await world.checkAtRest();
});

test('a held original whose hold is over is freed only after its copy was read again', async () => {
  await world.loseRegister();
  await world.coldroom('rebuild');
  /** Without the hold directory itself, whose time the linker's looks at the file system change. */
  const inHold = (): object => ({ ...imageOf(world.hold), [world.hold]: undefined });
  const held = inHold();
  const linker = world.start('linker', { env: { COLDROOM_HOLD: '0' } });
  const stuck = await world.until('all that is held to be stuck', async () => {
    const files = (await world.register.reports.files({ limit: 1000 })).filter(
      ({ state, code }) => state === 'stuck' && code === 'COPY_DIFFERS',
    );
    return files.length === 9 && files;
  });
  expect(inHold()).toEqual(held);
  await world.check();
  await world.coldroom('verify', '--all');
  await world.coldroom('files', 'retry', ...stuck.map(({ id }) => String(id)));
  await world.until('all to be released', async () =>
    (await world.register.reports.files({ limit: 1000 })).every(({ state }) => state === 'released'),
  );
  await linker.kill();
  await world.checkAtRest();
});

/** A bag that is valid except that a file of its lists is somewhere else. Returns its directory. */
function foreignBag(of: string, path: string): string {
  const [directory, name] = [`${of}-theirs`, `${basename(of)}-theirs`];
  cpSync(of, directory, { recursive: true });
  const rewrite = (tag: string, change: (content: string) => string): void => {
    const file = join(directory, tag);
    chmodSync(file, 0o600);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };
  const [line = ''] = readFileSync(join(directory, 'omero.jsonl'), 'utf8').split('\n');
  const { root, path: old } = JSON.parse(line) as { root: string; path: string };
  rewrite('omero.jsonl', (content) => content.replace(JSON.stringify(old), JSON.stringify(path)));
  rewrite('manifest-sha256.txt', (content) => content.replace(`data/${root}/${old}`, `data/${root}/${path}`));
  rewrite('bag-info.txt', (content) => content.replace(basename(of), name));
  rewrite('tagmanifest-sha256.txt', (content) =>
    content
      .trimEnd()
      .split('\n')
      .map((each) => each.slice(66))
      .map(
        (tag) =>
          `${createHash('sha256')
            .update(readFileSync(join(directory, tag)))
            .digest('hex')}  ${tag}\n`,
      )
      .join(''),
  );
  return directory;
}

/** Delays each bag, within its transaction. */
async function slowly({ registerUrl }: World): Promise<void> {
  await connected(registerUrl, (client) =>
    client.query(
      `CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
     CREATE TRIGGER take_time AFTER INSERT ON file FOR EACH STATEMENT EXECUTE FUNCTION take_time()`,
    ),
  );
}

/** Waits until this many bags are written, and the next one is being written. */
async function inTheMiddle({ registerUrl }: World, bags: number): Promise<void> {
  await connected(registerUrl, async (client) => {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(10)) {
      const {
        rows: [row],
      } = await client.query<{ bags: string; writing: boolean }>(
        `SELECT (SELECT count(*) FROM bag) AS bags, EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep') AS writing`,
      );
      if (Number(row!.bags) >= bags && row!.writing) return;
    }
    throw new Error(`the rebuild never came to bag ${bags + 1}`);
  });
}

/** Everything in the register except sequence numbers, the time of writing and the numeric references of events. */
async function registerOf({ registerUrl }: World): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const queries = {
    request: 'SELECT to_jsonb(r) AS row FROM request r',
    bag: `SELECT to_jsonb(b) - '{id,not_before}'::text[] AS row FROM bag b`,
    image: 'SELECT to_jsonb(i) AS row FROM request_image i',
    file: `SELECT to_jsonb(f) - '{id,bag_id,linked_at,released_at}'::text[] || jsonb_build_object('bag', b.name, 'released', f.released_at IS NOT NULL, 'held as', CASE f.state WHEN 'linked' THEN f.id END, 'linked', f.linked_at IS NOT NULL) AS row
      FROM file f LEFT JOIN bag b ON b.id = f.bag_id`,
    event: `SELECT to_jsonb(e) - '{id,at,bag_id,file_id}'::text[] || jsonb_build_object('bag', b.name, 'file', f.display) AS row
      FROM event e LEFT JOIN bag b ON b.id = e.bag_id LEFT JOIN file f ON f.id = e.file_id`,
    switch: 'SELECT to_jsonb(s) AS row FROM switch s',
  };
  return connected(registerUrl, async (client) => {
    const all: [string, readonly unknown[]][] = [];
    for (const [table, query] of Object.entries(queries))
      all.push([table, (await client.query<{ row: unknown }>(`${query} ORDER BY 1`)).rows.map(({ row }) => row)]);
    return Object.fromEntries(all);
  });
}
