import { Client } from 'pg';
import type { RunningConsole } from './running-console';
import { samplePeople } from './sample-people';
import { brought, sampleRequest, stuck, type SampleRequest } from './sample-requests';

const GiB = 1n << 30n;
const MiB = 1n << 20n;
const hour = 3_600_000;
const day = 24 * hour;

/** Requests in every state, which read as those of a real facility do. */
export async function fillWithSample({ register, settings }: RunningConsole): Promise<Readonly<Record<Shown, bigint>>> {
  await register.people.mirror(samplePeople);
  const made: Partial<Record<Shown, bigint>> = {};
  const make = async (shown: Shown, hoursAgo: number, then: (id: bigint) => Promise<void> = async () => undefined) => {
    const id = await sampleRequest(register, contents[shown]);
    await then(id);
    await age(settings.registerUrl, id, hoursAgo * hour);
    made[shown] = id;
  };
  await make('finished', 40 * 24, (id) => brought(register, id, () => 'released'));
  await make('held', 9 * 24, (id) => brought(register, id, () => 'linked'));
  await make('declined', 6 * 24, (id) =>
    register.requests.decline(id, 'dora', 'These images belong to a paper in review. Ask again when it is accepted.'),
  );
  await make('error', 5 * 24, async (id) => {
    await brought(register, id, (bag) => (bag < 4 ? 'sealed' : bag === 4 ? 'approved' : 'linked'));
    await stuck(register, id, 'approved', {
      code: 'HASH_DIFFERS',
      reason: 'the SHA-1 of this file is not the one that OMERO recorded at import',
    });
  });
  await make('running', 30, (id) =>
    brought(
      register,
      id,
      (bag) => (['linked', 'sealed', 'copied', 'hashed', 'approved'] as const)[Math.floor((bag - 1) / 8)] ?? 'approved',
    ),
  );
  await make('waiting', 47);
  await make('small', 3);
  return made as Record<Shown, bigint>;
}

type Shown = 'finished' | 'held' | 'declined' | 'error' | 'running' | 'waiting' | 'small';

const contents: Readonly<Record<Shown, SampleRequest>> = {
  finished: {
    owner: 'olga',
    group: 'microscopy',
    filesets: [{ name: '2021-11/beads_calibration.czi', marked: 6, files: 1, fileSize: 3n * GiB }],
  },
  held: {
    owner: 'alice',
    group: 'biology',
    filesets: [{ name: '2022-03/14/embryo_series.lif', marked: 12, files: 1, fileSize: 412n * GiB }],
  },
  declined: {
    owner: 'olga',
    group: 'microscopy',
    filesets: [{ name: '2026-08/31/timelapse_11', marked: 1, along: 3, files: 24, fileSize: 900n * MiB }],
  },
  error: {
    owner: 'alice',
    requester: 'lea',
    group: 'biology',
    filesets: [
      { name: '2023-01/wound_healing_a', marked: 4, files: 4, fileSize: 2n * GiB },
      { name: '2023-01/wound_healing_b', marked: 4, files: 4, fileSize: 2n * GiB },
    ],
  },
  running: {
    owner: 'olga',
    group: 'microscopy',
    filesets: [1, 2, 3, 4, 5].map((nr) => ({
      name: `2023-06/02/gastruloid_${nr}`,
      marked: 1,
      along: nr === 1 ? 2 : 0,
      files: 8,
      fileSize: 18n * GiB,
    })),
  },
  waiting: {
    owner: 'alice',
    group: 'biology',
    filesets: [
      { name: '2023-05/14/plate_03', marked: 12, along: 84, files: 96, fileSize: 12n * GiB },
      { name: '2023-05/14/plate_04', marked: 12, along: 84, files: 96, fileSize: 12n * GiB },
      { name: '2024-02/09/neurons_day_7.nd2', marked: 5, along: 19, files: 1, fileSize: 412n * GiB },
      { name: '2024-02/11/neurons_day_9.nd2', marked: 24, files: 1, fileSize: 388n * GiB },
      {
        name: '2019-01/zebrafish_tracking',
        marked: 3,
        files: 3,
        fileSize: 640n * MiB,
        skip: { files: 3, code: 'HARD_LINKED', reason: 'the file has 2 names; archiving this one would free nothing' },
      },
      {
        name: '2018-07/confocal_stack_12.lsm',
        marked: 1,
        files: 1,
        fileSize: 96n * MiB,
        skip: { files: 1, code: 'MISSING', reason: 'OMERO names this file, but it is not on disk' },
      },
    ],
  },
  small: {
    owner: 'olga',
    group: 'microscopy',
    filesets: [{ name: '2025-10/21/mitosis_overview.czi', marked: 8, files: 1, fileSize: 6n * GiB }],
  },
};

/** Moves a request and its events into the past, which the register itself never does. */
async function age(registerUrl: string, id: bigint, ms: number): Promise<void> {
  const client = new Client({ connectionString: registerUrl });
  await client.connect();
  try {
    await client.query(`SET session_replication_role = replica`);
    const past = `- $2 * interval '1 ms'`;
    await client.query(
      `UPDATE coldroom.request SET created_at = created_at ${past}, decided_at = decided_at ${past} WHERE id = $1`,
      [id, ms],
    );
    // Its events follow each other evenly from then on.
    await client.query(
      `UPDATE coldroom.event SET at = at - $2 * (1 - 0.9 * place) * interval '1 ms' FROM (
         SELECT id AS event, percent_rank() OVER (ORDER BY id) AS place FROM coldroom.event WHERE request_id = $1) o
       WHERE id = o.event`,
      [id, ms],
    );
    await client.query(
      `UPDATE coldroom.bag SET not_before = not_before ${past} WHERE request_id = $1 AND state = 'linked'`,
      [id, Math.min(ms, 10 * day)],
    );
  } finally {
    await client.end();
  }
}
