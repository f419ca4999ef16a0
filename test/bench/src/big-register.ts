import { Client } from 'pg';
import type { Identity } from '@coldroom/domain';
import type { NewFile, NewImage, Register } from '@coldroom/register';

const identity: Identity = {
  dev: 1n,
  ino: 1n,
  size: 1n,
  mtimeNs: 1n,
  ctimeNs: 1n,
  links: 1,
  mode: 0o100644,
  uid: 1000,
  gid: 1000,
};
const perFileset = 20;
const batch = 5000;
/** Requests of a size that researchers make. */
const smallRequest = 500;

export const managerId = 900n;

export interface BigRegister {
  readonly url: string;
  readonly register: Register;
  readonly files: number;
}

export interface Filled {
  readonly requests: number;
  /** Half of the files: partly archived, some of them stuck. */
  readonly running: bigint;
  /** A quarter of the files: waits for a decision. */
  readonly waiting: bigint;
}

/** Two large requests, and the rest in small ones of many owners and groups, of which most are archived. */
export async function fillRegister({ url, register, files }: BigRegister): Promise<Filled> {
  await register.people.mirror({
    people: [
      {
        id: managerId,
        login: 'manager',
        fullName: 'The Manager',
        email: 'manager@example.org',
        active: true,
        administrator: true,
        withheld: [],
      },
    ],
    groups: [],
    memberships: [],
  });
  const running = await create(register, 0, files / 2);
  await approve(register, running);
  const waiting = await create(register, files / 2, files / 4);
  let requests = 2;
  for (let start = (files * 3) / 4; start < files; start += smallRequest, requests += 1) {
    const id = await create(register, start, smallRequest);
    if (requests % 20 !== 0) await approve(register, id);
  }
  await advance(url, running);
  return { requests, running, waiting };
}

async function create(register: Register, start: number, files: number): Promise<bigint> {
  const user = BigInt(start % 97);
  const group = BigInt(start % 11);
  return register.requests.create(
    {
      ownerId: user,
      owner: `user-${user}`,
      groupId: group,
      group: `group ${group}`,
      requesterId: user,
      requester: `user-${user}`,
    },
    {
      images: batches(files / perFileset, (nr) => imageOf(start + nr * perFileset)),
      files: batches(files, (nr) => fileOf(start + nr)),
    },
    'bench',
  );
}

async function approve(register: Register, id: bigint): Promise<void> {
  await register.requests.approve(id, 'bench');
  await register.requests.start(id, 'bench', (nr) => `bag-${id}-${nr}`, 'bench');
}

async function* batches<T>(count: number, make: (nr: number) => T): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < count; start += batch)
    yield Array.from({ length: Math.min(batch, count - start) }, (_, at) => make(start + at));
}

const filesetOf = (nr: number): string => `Fileset:${Math.floor(nr / perFileset)}`;

function imageOf(nr: number): NewImage {
  return { imageId: BigInt(nr), name: `plate_${nr} [Well A01]`, fileset: filesetOf(nr), marked: nr % 3 > 0 };
}

function fileOf(nr: number): NewFile {
  const path = `user_1/2026-01/${Math.floor(nr / 100)}/well_${nr}.tif`;
  return {
    fileset: filesetOf(nr),
    root: 'ManagedRepository',
    path: Buffer.from(path),
    display: path,
    size: 2_000_000n,
    originalFileId: BigInt(nr),
    pixelsId: null,
    omeroHash: null,
    verdict: { take: { ...identity, ino: BigInt(nr) } },
  };
}

/** Writes what the services would have written: they would take an hour for it. */
async function advance(url: string, running: bigint): Promise<void> {
  const client = new Client({ connectionString: url, options: '-c search_path=coldroom' });
  await client.connect();
  try {
    await client.query(
      `UPDATE bag SET state = 'linked', not_before = now() + interval '7 days' WHERE request_id <> $1 OR id % 4 > 0`,
      [running],
    );
    await client.query(
      `UPDATE file f SET state = 'linked', linked_at = now() FROM bag b WHERE b.id = f.bag_id AND b.state = 'linked'`,
    );
    await client.query(
      `UPDATE file SET state = 'stuck', stuck_from = 'approved', code = 'HASH_DIFFERS', reason = 'the SHA-1 differs'
       WHERE request_id = $1 AND state = 'approved' AND id % 50 = 0`,
      [running],
    );
    await client.query(
      `UPDATE request SET state = CASE WHEN id = $1 THEN 'Error' ELSE 'Finished' END WHERE state = 'Running'`,
      [running],
    );
    await client.query(
      `INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
       SELECT 'bench', request_id, id, what, from_state, to_state, jsonb_build_object('files', files, 'bytes', bytes, 'ms', 1000)
       FROM bag CROSS JOIN (VALUES ('hash', 'approved', 'hashed'), ('copy', 'hashed', 'copied'), ('verify', 'copied', 'verified'),
         ('seal', 'verified', 'sealed'), ('link', 'sealed', 'linked')) AS step(what, from_state, to_state)`,
    );
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}
