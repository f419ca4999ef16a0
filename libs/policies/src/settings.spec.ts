import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conditionKinds } from '@coldroom/omero';
import { parsePolicies, policyNamed, readPolicies } from './settings';
import { worded } from './wording';

const old = { title: 'Old data', where: { acquired: { olderThan: '2y' } }, propose: { perDay: '1 TB' } };
const tier = { title: 'To tape', move: { from: 'short', to: 'long', after: '90d', perDay: '2 TiB' } };

test('a rule is read with its defaults', () => {
  expect(parsePolicies({ policies: { old, tier } })).toEqual({
    everyDays: 1,
    policies: [
      {
        name: 'old',
        title: 'Old data',
        where: [{ kind: 'acquired', olderThanDays: 730 }],
        except: [],
        active: true,
        who: {},
        propose: { perDay: 1_000_000_000_000n, objections: 14, again: 365 },
        move: undefined,
      },
      {
        name: 'tier',
        title: 'To tape',
        where: [],
        except: [],
        active: true,
        who: {},
        propose: undefined,
        move: { from: 'short', to: 'long', after: 90, perDay: 2n << 40n },
      },
    ],
  });
});

test('every condition can be written, and is worded', () => {
  const where = {
    acquired: { olderThan: '2y' },
    imported: { olderThan: '30d' },
    changed: { olderThan: '8w' },
    imageSize: { atLeast: '1 MB' },
    filesetSize: { atLeast: '1 GB', atMost: '5TiB' },
    groupUses: { atLeast: '10 TB' },
    serverUses: { atLeast: '100 TB' },
    group: ['lab', 'core'],
    owner: 'alice',
    project: 'Project:7',
    dataset: 'Spring',
    screen: ['Genes'],
    tag: 'done',
    format: 'DV',
    pixels: 'computed',
    keyValue: { key: 'Stage', value: 'raw' },
  };
  const [policy] = parsePolicies({ policies: { all: { ...old, where } } }).policies;
  expect(policy?.where.map(({ kind }) => kind)).toEqual([...conditionKinds]);
  expect(policy?.where.map((condition) => worded(condition, (bytes) => `${bytes} B`))).toEqual([
    'acquired more than 730 days ago',
    'imported more than 30 days ago',
    'last changed more than 56 days ago',
    'image of at least 1000000 B',
    'fileset of at least 1000000000 B and at most 5497558138880 B',
    'group uses at least 10000000000000 B',
    'server uses at least 100000000000000 B',
    'group lab or core',
    'owner alice',
    'project Project:7',
    'dataset Spring',
    'screen Genes',
    'tag done',
    'format DV',
    'pixels computed',
    'key-value pair Stage = raw',
  ]);
});

test.each<readonly [string, unknown, string]>([
  ['an unknown condition', { ...old, where: { viewed: { olderThan: '1y' } } }, 'Unrecognized key: "viewed"'],
  ['no condition', { ...old, where: {} }, 'would propose all images'],
  ['an age without a unit', { ...old, where: { acquired: { olderThan: '90' } } }, 'such as 90d, 12w or 2y'],
  ['an amount without a unit', { ...old, propose: { perDay: '5' } }, 'such as 500 GB or 2 TiB'],
  ['an amount without a limit', { ...old, where: { filesetSize: {} } }, 'must have atLeast or atMost'],
  ['no limit a day', { ...old, propose: {} }, 'policies.one.propose.perDay'],
  ['both actions', { ...old, move: tier.move }, 'must have either propose or move'],
  ['no action', { title: 'x', where: old.where }, 'must have either propose or move'],
  ['a move within a store', { ...tier, move: { ...tier.move, to: 'short' } }, 'needs two stores'],
  ['a move by the age of images', { ...tier, where: old.where }, 'may name group and owner only'],
])('%s is refused', (_name, one, message) => {
  expect(() => parsePolicies({ policies: { one } })).toThrow(message);
});

test('all faults are reported at once, with their places', () => {
  try {
    parsePolicies({ every: '0d', policies: { 'Not a name': old, one: { ...old, title: '' } } }, 'p.yaml');
    throw new Error('was accepted');
  } catch (error) {
    expect(error).toMatchObject({ code: 'POLICIES_INVALID', message: expect.stringContaining('in p.yaml') });
    expect((error as Error).message.match(/^- /gm)).toHaveLength(3);
  }
});

test('a file is read; one that is missing or no YAML is refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'coldroom-policies-'));
  try {
    const path = join(directory, 'policies.yaml');
    await expect(readPolicies(path)).rejects.toMatchObject({ code: 'POLICIES_INVALID' });
    await writeFile(path, 'policies: [');
    await expect(readPolicies(path)).rejects.toMatchObject({ code: 'POLICIES_INVALID' });
    await writeFile(path, 'policies:\n  tier: { title: Tape, move: { from: a, to: b, after: 1d, perDay: 1 TB } }\n');
    const policies = await readPolicies(path);
    expect(policyNamed(policies, 'tier').title).toBe('Tape');
    expect(() => policyNamed(policies, 'old')).toThrow('There is no policy old; the file has tier');
  } finally {
    await rm(directory, { recursive: true });
  }
});
