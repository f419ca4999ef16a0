import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';

/** An empty register for one test file, on the PostgreSQL of the test run. */
export async function freshRegister(name: string): Promise<Register> {
  const admin = process.env['TEST_POSTGRES_URL'] as string;
  const url = await createDatabase(admin, `operations_${name}`, { existing: 'drop' });
  await migrate(url);
  return new Register(url);
}

let requests = 0n;

/** A request New of one fileset with two files of 1 GiB each. */
export async function newRequest(register: Register): Promise<bigint> {
  requests += 1n;
  const fileset = `Fileset:${requests}`;
  return register.requests.create(
    { ownerId: 4n, owner: 'ada', groupId: 3n, group: 'lab', requesterId: 5n, requester: 'bob' },
    {
      images: (async function* images() {
        yield [{ imageId: requests, name: 'a.dv', fileset, marked: true }];
      })(),
      files: (async function* files() {
        yield [1, 2].map((nr) => ({
          fileset,
          root: 'ManagedRepository' as const,
          path: Buffer.from(`${fileset}/${nr}.dv`),
          display: `${fileset}/${nr}.dv`,
          size: 1n << 30n,
          originalFileId: BigInt(nr),
          pixelsId: null,
          omeroHash: null,
          verdict: {
            take: {
              dev: 1n,
              ino: 2n,
              size: 1n << 30n,
              mtimeNs: 3n,
              ctimeNs: 4n,
              links: 1,
              mode: 0o100644,
              uid: 1,
              gid: 1,
            },
          },
        }));
      })(),
    },
    'test',
  );
}
