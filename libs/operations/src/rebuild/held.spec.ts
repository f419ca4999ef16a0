import { appendFile, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescribedFile } from '@coldroom/bagit';
import { Files, identify, writeMarker } from '@coldroom/files';
import { unclaimed } from '../stores/open';
import { HeldOriginals } from './held';

let hold: string;
const files = new Files({ threads: 1 });
beforeEach(async () => {
  hold = await mkdtemp(join(tmpdir(), 'coldroom-held-'));
  await writeMarker(hold, 'hold');
  await mkdir(join(hold, 'bag-1'));
});
afterEach(() => rm(hold, { recursive: true, force: true }));
afterAll(() => files.close());

const held = (number: number): string => join(hold, 'bag-1', String(number));

/** The files of a bag that all have this content, and an original with it held under each number. */
async function equal(numbers: readonly number[], paths: readonly string[]): Promise<readonly DescribedFile[]> {
  for (const number of numbers) {
    await writeFile(held(number), 'the same');
    await utimes(held(number), 1_700_000_000, 1_700_000_000);
  }
  const identity = await identify(held(numbers[0]!));
  const [outcome] = await files.hash(
    [{ root: hold, path: Buffer.from(`bag-1/${numbers[0]}`), algorithms: ['SHA-256'] }],
    { direct: false },
    unclaimed(),
  );
  if (!outcome || !('ok' in outcome) || !identity) throw new Error('not hashed');
  const { digests } = outcome.ok;
  return paths.map(
    (path) => ({ root: 'ManagedRepository', path: Buffer.from(path), identity, digests }) as unknown as DescribedFile,
  );
}

async function recognised(
  described: readonly DescribedFile[],
  numbers: readonly (bigint | null)[],
  reader = files,
): Promise<readonly (bigint | undefined)[]> {
  const originals = await HeldOriginals.open([hold], reader);
  const numbersOf = async (): Promise<readonly (bigint | null)[]> => numbers;
  const found = await originals.recognise('bag-1', described, numbersOf, unclaimed());
  return described.map((file) => found.get(file)?.number);
}

it.each([[[10n, 11n, 12n]], [[12n, 11n, 10n]], [[11n, 12n, 10n]]])(
  'of equal originals, each file takes the one under its own number (%s)',
  async (numbers) => {
    expect(await recognised(await equal([10, 11, 12], ['a', 'b', 'c']), numbers)).toEqual(numbers);
  },
);

it('of equal originals, those without a known number take what is left', async () => {
  const found = await recognised(await equal([10, 11], ['a', 'b', 'c']), [null, 10n, null]);
  expect(found).toEqual([11n, 10n, undefined]);
});

it('an original that cannot be read is not taken for one that is not held', async () => {
  const described = await equal([10], ['a']);
  // Written to at the moment it is read: real reads that fail end in the same way.
  const busy = new Proxy(files, {
    get: (inner, key) =>
      key === 'hash'
        ? async (...task: Parameters<Files['hash']>) => {
            await appendFile(held(10), 'more');
            return inner.hash(...task);
          }
        : Reflect.get(inner, key, inner),
  });
  await expect(recognised(described, [10n], busy)).rejects.toMatchObject({
    kind: 'refused',
    code: 'SOURCE_CHANGED',
    details: { bag: 'bag-1' },
  });
});
