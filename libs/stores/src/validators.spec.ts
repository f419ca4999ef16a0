import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tagFiles, type DescribedFile } from '@coldroom/bagit';
import {
  doesNotTake,
  earlierBags,
  proveBySums,
  unpackEarlierBags,
  validator,
  type Validator,
  type ValidatorName,
} from '@coldroom/bagit/testing';
import { copyPath, type Store } from '@coldroom/domain';
import { Files, identityOf, writeMarker } from '@coldroom/files';
import { openStore } from './open-store';
import { storedName } from './s3/keys';
import { parseStores } from './settings';
import { work } from './testing/conformance';
import { copyDown, makeS3, type S3UnderTest } from './testing/s3';

/**
 * The verdicts of validators that others wrote on bags with odd names: in a file store, and downloaded from an S3 store.
 * docs/stores.md says why they refuse bags that are valid by RFC 8493.
 */
const cases: Readonly<
  Record<string, { readonly names: readonly (string | Buffer)[]; readonly refusedBy: readonly string[] }>
> = {
  plain: { names: ['plain.tif', 'with spaces.tif', 'ä日本.tif', '-rf', '*', '.hidden', "'quoted'"], refusedBy: [] },
  'line feeds': { names: ['new\nline', 'carriage\rreturn'], refusedBy: ['bucket: python', 'bucket: java'] },
  'three line feeds': { names: ['a\nb\nc\nd'], refusedBy: ['store: python', 'bucket: python', 'bucket: java'] },
  'characters that S3 advises to avoid': {
    names: ['#1 [a]{b}~^`|"<c>'],
    refusedBy: ['bucket: python', 'bucket: java'],
  },
  backslash: { names: ['back\\slash'], refusedBy: ['store: java', 'bucket: python', 'bucket: java'] },
  percent: {
    names: ['50% glycerol', 'a%0Ab'],
    refusedBy: ['store: python', 'store: java', 'bucket: python', 'bucket: java'],
  },
  'white space at the end': { names: ['space '], refusedBy: ['store: python', 'bucket: python'] },
  'other line ends': { names: ['ls\u2028'], refusedBy: ['store: python', 'bucket: python'] },
  'not UTF-8': {
    names: [Buffer.from([0x66, 0xff])],
    refusedBy: ['store: python', 'store: java', 'bucket: python', 'bucket: java'],
  },
};

const validators = [validator('bagit-python 1.9.0'), validator('bagit-java 5.2.0')].filter(
  (each) => each !== undefined,
);
const top = mkdtempSync(join(tmpdir(), 'coldroom-validators-'));
const files = new Files({ threads: 1 });
let under: S3UnderTest;
let store: Store;

beforeAll(async () => {
  under = await makeS3();
  const directory = join(top, 'store');
  mkdirSync(directory);
  await writeMarker(directory, 'main');
  const settings = { kind: 'file', directory, sameFileSystem: true, verify: 'cached' };
  const parsed = parseStores({ default: 'main', stores: { main: settings } });
  store = openStore('main', parsed.stores['main']!, { files, omeroRoots: [under.sourceDir] });
  for (const [at, { names }] of Object.values(cases).entries()) await seal(`bag-${at + 1}`, names);
  await copyDown(under, 'archive/one/', join(top, 'bucket'));
  mkdirSync(join(top, 'earlier'));
  unpackEarlierBags(join(top, 'earlier'));
});
afterAll(async () => {
  await under.cleanup();
  await store.close();
  await files.close();
  execFileSync('chmod', ['-R', 'u+w', top]);
  rmSync(top, { recursive: true });
});

/** The same bag in both stores. */
async function seal(bag: string, names: readonly (string | Buffer)[]): Promise<void> {
  const sources = names.map((name) => {
    const path = Buffer.from(name as string);
    const at = Buffer.concat([Buffer.from(`${under.sourceDir}/`), path]);
    writeFileSync(at, path);
    return {
      root: under.sourceDir,
      path,
      copyPath: copyPath({ root: 'ManagedRepository', path }),
      identity: identityOf(lstatSync(at, { bigint: true })),
    };
  });
  const paths = sources.map((source) => source.copyPath);
  for (const one of [store, under.store]) {
    await one.put(bag, sources, work());
    const digests = await one.digest(bag, paths, ['SHA-256'], work());
    const described = sources.map(({ root: _, ...source }, at) => ({
      ...source,
      ...{ root: 'ManagedRepository', fileset: 'Fileset:1', originalFileId: 1n, pixelsId: null, imageIds: [1n] },
      ...{ owner: 'ada', group: 'Lab', omeroHash: null },
      digests: (digests[at] as { ok: { digests: DescribedFile['digests'] } }).ok.digests,
    })) as unknown as readonly DescribedFile[];
    await one.seal(bag, paths, tagFiles({ bag, date: new Date(0), files: described }), work());
  }
}

const bags = (place: string): readonly string[] => Object.keys(cases).map((_, at) => join(top, place, `bag-${at + 1}`));

it('sha256sum proves every bag', () => {
  for (const bag of [...bags('store'), ...bags('bucket')]) proveBySums(bag);
});

describe.each(validators.map((each): [string, Validator] => [each.name, each]))('%s', (name, { verdicts }) => {
  const short = name.split(/[- ]/)[1]!;

  it.each(['store', 'bucket'])('accepts bags of a %s but those whose names it does not take', (place) => {
    const given = verdicts(bags(place));
    const refused = Object.keys(cases).filter((_, at) => given[at] !== '');
    expect(refused).toEqual(Object.keys(cases).filter((kind) => cases[kind]!.refusedBy.includes(`${place}: ${short}`)));
  });

  it('refuses what it was found to refuse', () => {
    const stored = (given: string | Buffer): Buffer => Buffer.from(storedName(Buffer.from(given as string)));
    for (const { names, refusedBy } of Object.values(cases))
      for (const [place, nameIn] of [
        ['store', Buffer.from],
        ['bucket', stored],
      ] as const)
        expect(names.some((each) => doesNotTake(name as ValidatorName, nameIn(each as string)))).toBe(
          refusedBy.includes(`${place}: ${short}`),
        );
  });

  it('accepts an earlier bag with plain names', () => {
    expect(verdicts(['store', 'bucket'].map((place) => join(top, 'earlier', place, earlierBags[0])))).toEqual(['', '']);
  });
});
