import type { FileEvent, FileState, Identity, WorkState } from '@coldroom/domain';
import { createDatabase } from '@coldroom/local';
import { Register, type Claim, type Transition, type TransitionOptions, type NewFile } from '@coldroom/register';
import { coldroom } from './command-line';

const identity: Identity = {
  dev: 1n,
  ino: 2n,
  size: 5n,
  mtimeNs: 3n,
  ctimeNs: 4n,
  links: 1,
  mode: 0o100644,
  uid: 1,
  gid: 1,
};
const lease = 60_000;

/** A separate register for one test file, on the PostgreSQL of the test run. */
export async function sampleRegister(name: string): Promise<{ readonly url: string; readonly register: Register }> {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `cli_${name}`, { existing: 'drop' });
  const { code, stderr } = await coldroom(['migrate'], { REGISTER_DATABASE_URL: url });
  if (code !== 0) throw new Error(stderr);
  return { url, register: new Register(url) };
}

let requests = 0;

/**
 * A request New, with filesets of the given numbers of files of 1 GiB each; one more file is skipped, one more image is
 * included.
 */
export async function newRequest(register: Register, filesets: readonly number[] = [2]): Promise<bigint> {
  requests += 1;
  const base = requests * 100;
  const sets = filesets.map((files, at) => ({ name: `Fileset:${base + at}`, files }));
  return register.requests.create(
    { ownerId: 4n, owner: 'ada', groupId: 3n, group: 'lab\x1b[2J', requesterId: 5n, requester: 'bob' },
    {
      images: (async function* images() {
        yield sets.flatMap(({ name }, at) => [
          { imageId: BigInt(base + 2 * at), name: 'marked.dv', fileset: name, marked: true },
          { imageId: BigInt(base + 2 * at + 1), name: 'sibling.dv', fileset: name, marked: false },
        ]);
      })(),
      files: (async function* files() {
        yield [
          ...sets.flatMap(({ name, files: count }) => Array.from({ length: count }, (_, nr) => draft(name, nr, base))),
          {
            ...draft(sets[0]!.name, 99, base),
            verdict: { skip: { code: 'ALREADY_A_LINK', reason: 'the path is a link already' } },
          },
        ];
      })(),
    },
    'test',
    [{ by: 'bob', expiry: '1', description: 'Zebrafish', reason: '', imageIds: [BigInt(base)] }],
  );
}

function draft(fileset: string, nr: number, base: number): NewFile {
  const display = `user_4/${base}/${fileset}/${nr}.dv`;
  return {
    fileset,
    root: 'ManagedRepository',
    path: Buffer.from(display),
    display,
    size: 1n << 30n,
    originalFileId: BigInt(nr + 1),
    pixelsId: null,
    omeroHash: { algorithm: 'SHA1-160', value: 'ab'.repeat(20) },
    verdict: { take: identity },
  };
}

/** Approves and packs a request. */
export async function started(register: Register, filesets?: readonly number[]): Promise<bigint> {
  const id = await newRequest(register, filesets);
  await register.requests.approve(id, 'test');
  await register.requests.start(id, 'main', (nr) => `request-${id}-bag-${nr}`, 'test');
  return id;
}

const ways: Readonly<Record<string, readonly [FileEvent, FileState]>> = {
  approved: ['hash', 'hashed'],
  hashed: ['copy', 'copied'],
  copied: ['verify', 'verified'],
  verified: ['seal', 'sealed'],
  sealed: ['link', 'linked'],
  linked: ['release', 'released'],
  undoing: ['undo', 'undone'],
  retrieving: ['bringOnline', 'online'],
  online: ['fetch', 'fetched'],
  fetched: ['verifyFetched', 'fetchVerified'],
  fetchVerified: ['place', 'restored'],
};

/** Advances all bags of a request until they are in `until`, as the services would. */
export async function moveTo(
  register: Register,
  requestId: bigint,
  until: FileState,
  options: Partial<TransitionOptions> = {},
): Promise<void> {
  for (const { bagId, state } of await register.claims.due(Object.keys(ways) as WorkState[])) {
    for (let at: FileState = state; at !== until && ways[at];) {
      const claim = await claimed(register, bagId);
      if (claim.requestId !== requestId) {
        await register.claims.releaseClaim(claim);
        break;
      }
      const [event, to]: readonly [FileEvent, FileState] = ways[at]!;
      await applyTransitions(
        register,
        claim,
        claim.files.map((file) => ({
          id: file.id,
          event,
          from: file.state,
          to,
          ...(event === 'hash' ? { digests: { 'SHA-256': 'cd'.repeat(32) } } : {}),
        })),
        options,
      );
      at = to;
    }
  }
}

/** Sets aside the first file of the request's first bag. */
export async function stick(register: Register, requestId: bigint, code = 'HASH_DIFFERS'): Promise<bigint> {
  const [file] = (await register.reports.files({ requestId })).filter(
    (one) => one.bag !== null && one.state !== 'stuck',
  );
  const due = await register.claims.due([file!.state as WorkState]);
  for (const { bagId } of due) {
    const claim = await claimed(register, bagId);
    const own = claim.files.find((one) => one.id === file!.id);
    if (own) {
      await applyTransitions(register, claim, [
        { id: own.id, event: 'fail', from: own.state, to: 'stuck', code, reason: 'a reason' },
      ]);
      return own.id;
    }
    await register.claims.releaseClaim(claim);
  }
  throw new Error('no bag holds the file');
}

export async function claimed(register: Register, bagId: bigint, leaseMs = lease): Promise<Claim> {
  const claim = await register.claims.claim(bagId, Object.keys(ways) as WorkState[], 'test', leaseMs);
  if (!claim) throw new Error(`bag ${bagId} cannot be claimed`);
  return claim;
}

async function applyTransitions(
  register: Register,
  claim: Claim,
  transitions: readonly Transition[],
  options: Partial<TransitionOptions> = {},
): Promise<void> {
  await register.applyTransitions(claim, transitions, { stage: 'test', errorLimit: 1000, ...options });
}
