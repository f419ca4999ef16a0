import { reasonsToKeepCopy, type LocalFile, type SetFacts } from './reasons';

const sent = { number: 0, path: Buffer.from('a.tif'), size: 5n, mtimeNs: 7n, sha256: 'a'.repeat(64) };
const local: LocalFile = { kind: 'file', size: 5n, mtimeNs: 7n, sha256: sent.sha256 };
const facts: SetFacts = {
  sent: { files: 2, bytes: 9n, manifest: 'm' },
  proof: { files: 2, bytes: 9n, manifest: 'm' },
  others: 0,
  removeAfterMs: 1000,
  provenForMs: 1000,
  acquiring: false,
};

/** Each wrong fact, and the only code that it may add. */
const ofSet: readonly (readonly [string, Partial<SetFacts>])[] = [
  ['KEPT', { removeAfterMs: null }],
  ['TOO_EARLY', { provenForMs: 999 }],
  ['ACQUIRING', { acquiring: true }],
  ['OTHER_FILES', { others: 1 }],
];
const ofProof: readonly (readonly [readonly string[], SetFacts['proof']])[] = [
  [[], facts.proof],
  [['NOT_PROVEN'], null],
  [['FILES_DIFFER'], { files: 1, bytes: 9n, manifest: 'm' }],
  [['BYTES_DIFFER'], { files: 2, bytes: 8n, manifest: 'm' }],
  [['PROOF_DIFFERS'], { files: 2, bytes: 9n, manifest: 'n' }],
  [['FILES_DIFFER', 'BYTES_DIFFER', 'PROOF_DIFFERS'], { files: 3, bytes: 10n, manifest: 'n' }],
];
const ofFile: readonly (readonly [readonly string[], LocalFile | null])[] = [
  [[], local],
  [['GONE'], null],
  [['NO_FILE'], { ...local, kind: 'directory' }],
  [['NO_FILE'], { ...local, kind: 'other' }],
  [['SIZE_DIFFERS'], { ...local, size: 6n }],
  [['TIME_DIFFERS'], { ...local, mtimeNs: 8n }],
  [['NOT_READ'], { ...local, sha256: null }],
  [['CONTENT_DIFFERS'], { ...local, sha256: 'b'.repeat(64) }],
  [['SIZE_DIFFERS', 'TIME_DIFFERS', 'CONTENT_DIFFERS'], { kind: 'file', size: 6n, mtimeNs: 8n, sha256: 'b' }],
];

const subsets = Array.from({ length: 1 << ofSet.length }, (_, bits) => ofSet.filter((_fact, at) => bits & (1 << at)));

test('a copy may be removed only if nothing is against it, and every reason is given', () => {
  let cases = 0;
  for (const wrong of subsets)
    for (const [proofCodes, proof] of ofProof)
      for (const [fileCodes, file] of ofFile) {
        const set = Object.assign({}, facts, { proof }, ...wrong.map(([, change]) => change)) as SetFacts;
        const codes = wrong.map(([code]) => code).filter((code) => code !== 'TOO_EARLY' || set.removeAfterMs !== null);
        const found = reasonsToKeepCopy(sent, file, set).map(({ code }) => code);
        expect(found.toSorted()).toEqual([...codes, ...proofCodes, ...fileCodes].toSorted());
        cases += 1;
      }
  expect(cases).toBe(16 * 6 * 9);
});
